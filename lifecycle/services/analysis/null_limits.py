"""Limits of a column's drift, learned from its reference's own windows compared with themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from lifecycle.domain.measurement import Window
from lifecycle.engines.contract import Counted
from lifecycle.errors import InsufficientData, InvalidInput
from lifecycle.services.analysis.result import Draft
from lifecycle.stats.drift.null import reference_null
from lifecycle.stats.drift.signals import LEARNABLE

NULL = "null"
"""The rule's name: windows in which nothing changed exceed the limit in 1 % of cases."""


def with_learned_limits(
    drafts: Sequence[Draft],
    own: Mapping[Window | None, Counted],
    *,
    by_hand: Mapping[str, float],
    seed: int,
) -> tuple[tuple[Draft, ...], str | None]:
    """Put learned limits in the place of the house's on one column's drafts.

    Parameters
    ----------
    own
        The reference's own windows on its bins.
    by_hand
        Limits that stay, by statistic.

    Returns
    -------
    tuple
        The drafts, and what keeps its house limit and why, if anything does.
    """
    windows = sorted((w for w in own if w is not None), key=lambda window: window.start)
    steps = [own[window].profile for window in windows]
    learned: dict[str, float] = {}
    reasons: dict[str, list[str]] = {}
    for name in dict.fromkeys(draft.statistic.name for draft in drafts):
        if name in by_hand or name not in LEARNABLE:
            continue
        rng = np.random.default_rng(seed)
        try:
            learned[name] = reference_null(steps, statistic=name, width=1, rng=rng).limit()
        except (InsufficientData, InvalidInput) as error:
            reasons.setdefault(str(error), []).append(name)
    judged = tuple(
        replace(draft, limit=learned[draft.statistic.name], filtered=False)
        if draft.statistic.name in learned
        else draft
        for draft in drafts
    )
    told = [
        f"{why} (the house limit holds for {', '.join(names)})" for why, names in reasons.items()
    ]
    return judged, f"column {drafts[0].column}: {'; '.join(told)}" if told else None
