"""What a reader of a fairness run must know beside the numbers, a sentence each."""

from collections.abc import Mapping, Sequence

import numpy as np

from lifecycle.domain.measurement import NO_LIMIT
from lifecycle.engines.contract import MISSING_GROUP, Tallied
from lifecycle.services.analysis.fairness.groups import Comparison, Hidden
from lifecycle.services.analysis.fairness.measures import Family
from lifecycle.services.analysis.fairness.options import JOINT, FairnessOptions
from lifecycle.services.analysis.fairness.presets import preset
from lifecycle.stats import fairness
from lifecycle.stats.summaries import POSITIVE, UNKNOWN, BinaryTally

APART = "of the rows, a group apart"
"""How a sentence on the share of a group without a value ends."""


def told(
    compared: Sequence[Comparison],
    *,
    families: Sequence[Family],
    hidden: Hidden,
    options: FairnessOptions,
) -> list[str]:
    """Say who is compared with whom, who is too small, who is unknown and what cannot be had."""
    selects = any(family.selects for family in families)
    said = [f"groups are compared with {_rule(options, selects=selects)}"]
    if not options.limits:
        screened = ", but for impact ratios, which are screened at four fifths"
        said.append(f"{NO_LIMIT}: gaps are measured and not judged{screened if selects else ''}")
    if options.preset:
        said.insert(0, f"measured as preset {options.preset} says: {preset(options.preset).says}")
    said += _hidden(hidden, options=options)
    said += _small(compared, hidden=hidden, options=options)
    said += _unknown(compared, hidden=hidden)
    said += [
        sentence
        for comparison in compared
        if len(comparison.attributes) == 1
        for family in families
        for sentence in _incompatible(comparison, family=family, hidden=hidden, options=options)
    ]
    return said


def _rule(options: FairnessOptions, *, selects: bool) -> str:
    fixed = ", ".join(f"{a}={v}" for a, v in options.reference_group.items())
    otherwise = {
        "best": "each other"
        + (", for impact ratios with the group selected most often" if selects else ""),
        "largest": "the group that has the most rows",
    }[options.reference_rule]
    if not fixed:
        return otherwise
    left = [a for a in options.sensitive if a not in options.reference_group]
    return f"{fixed}, as named" + (f"; by {', '.join(left)} with {otherwise}" if left else "")


def _hidden(hidden: Hidden, *, options: FairnessOptions) -> list[str]:
    if not hidden:
        return []
    second = sum(hidden.values())
    return [
        (
            f"{len(hidden)} groups are not shown: {len(hidden) - second} with fewer than "
            f"{options.suppress} rows, {second} because the others could be found from them"
        )
    ]


def unknown(left: Sequence[Tallied], *, options: FairnessOptions) -> list[str]:
    """Count the rows left out because the value of an attribute is unknown."""
    said: list[str] = []
    for name in dict.fromkeys(options.sensitive):
        parts = [part for part in left if {*part.slice} == {*options.control, name}]
        rows = sum(part.tally.rows for part in parts)
        if rows:
            count = f"fewer than {options.suppress}" if rows < options.suppress else f"{rows:,}"
            values = ", ".join(sorted({part.slice[name] for part in parts}))
            said.append(f"{count} rows whose {name} is unknown ({values}) are left out by {name}")
    return said


def alike(tallied: Sequence[Tallied]) -> list[str]:
    """Say so where every decision is the same, so that no group differs by them."""
    least = min((len(part.slice) for part in tallied), default=0)
    every = [part.tally for part in tallied if len(part.slice) == least]
    decided = sum(
        (t.decisions for t in every if isinstance(t, BinaryTally)), start=np.zeros((3, 3))
    )
    given = decided.sum(axis=0)[:UNKNOWN]
    if given.sum() == 0 or given.all():
        return []
    side = "positive" if given[POSITIVE] else "negative"
    return [f"all decisions are {side}, so there is nothing to compare groups by"]


def _small(
    compared: Sequence[Comparison], *, hidden: Hidden, options: FairnessOptions
) -> list[str]:
    """Name the groups that are too small to be compared."""
    return [
        f"group {_named(group.slice)} has {group.tally.rows} rows, fewer than "
        f"{options.minimum_group}, and is in no gap"
        for comparison in compared
        for group in comparison.groups
        if group.tally.rows < options.minimum_group and frozenset(group.slice.items()) not in hidden
    ]


def _unknown(compared: Sequence[Comparison], *, hidden: Hidden) -> list[str]:
    """Say which share of the rows has no value of an attribute; it is a group of its own."""
    found: list[str] = []
    for comparison in compared:
        rows = sum(group.tally.rows for group in comparison.groups)
        for group in comparison.groups:
            unknown = MISSING_GROUP in (group.slice[a] for a in comparison.attributes)
            shown = frozenset(group.slice.items()) not in hidden
            if unknown and shown and len(comparison.attributes) == 1:
                share = group.tally.rows / rows
                found.append(f"{_named(group.slice)} are {share:.1%} {APART}")
    return found


def _incompatible(
    comparison: Comparison, *, family: Family, hidden: Hidden, options: FairnessOptions
) -> list[str]:
    """Name what cannot hold together where base rates of groups that are shown surely differ."""
    shown = (g for g in comparison.groups if frozenset(g.slice.items()) not in hidden)
    tallies = [family.of(group.tally) for group in shown]
    binary = [tally for tally in tallies if isinstance(tally, BinaryTally)]
    base = fairness.base_rate_difference(
        binary, confidence=options.confidence, minimum=comparison.minimum(options)
    )
    if base.value is None or base.interval is None or base.interval[0] <= 0:
        return []
    where = _named({**comparison.control, **family.slice})
    return [
        (
            f"base rates differ by {JOINT.join(comparison.attributes)}"
            f"{f' within {where}' if where else ''}, by {base.value:.3f} "
            f"({base.interval[0]:.3f} to {base.interval[1]:.3f}): unless decisions are "
            "perfect, equal precision and equal false positive and negative rates cannot hold "
            "together (Chouldechova 2017), nor can equal selection rates with equalized odds"
        )
    ]


def _named(slice_: Mapping[str, str]) -> str:
    return ", ".join(f"{column}={value}" for column, value in slice_.items())
