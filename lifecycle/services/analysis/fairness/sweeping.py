"""What other thresholds would do to the groups of each attribute, as the result's JSON has it."""

from collections.abc import Mapping, Sequence

import numpy as np

from lifecycle.domain.value import CostMatrix
from lifecycle.errors import InsufficientData
from lifecycle.services.analysis.fairness.groups import Comparison, Hidden
from lifecycle.services.analysis.fairness.options import JOINT, FairnessOptions
from lifecycle.stats.fairness import sweep
from lifecycle.stats.summaries import BinaryTally, FloatArray

RIGHT = (1.0, 0.0, 0.0, 1.0)
"""Without costs a decision is worth 1 when it is right, so its mean worth is the accuracy."""


def swept(groups: Mapping[str, BinaryTally], *, costs: CostMatrix | None) -> dict[str, object]:
    """Sweep the thresholds of some groups by name."""
    try:
        found = sweep.sweep(list(groups.values()))
    except InsufficientData as error:
        return {"reason": str(error)}
    weights = costs.weights if costs else RIGHT
    worth = found.worth(weights)
    return {
        "thresholds": found.thresholds.tolist(),
        "worth_of": costs.sentence if costs else "accuracy",
        "groups": {
            name: {
                "n": int(found.n[i]),
                "selection_rate": _numbers(found.selection[i]),
                "true_positive_rate": _numbers(found.rate(1)[i]),
                "false_positive_rate": _numbers(found.rate(0)[i]),
                "worth": _numbers(worth[i]),
            }
            for i, name in enumerate(groups)
        },
        "operating_points": [
            {
                "name": point.name,
                "thresholds": dict(zip(groups, point.thresholds, strict=True)),
                "worth": point.worth,
                "selection_rate_difference": point.selection_gap,
                "true_positive_rate_difference": point.opportunity_gap,
                "legally_sensitive": sweep.LEGALLY_SENSITIVE if point.legally_sensitive else None,
            }
            for point in sweep.operating_points(found, weights=weights)
        ],
    }


def details(
    compared: Sequence[Comparison], *, options: FairnessOptions, hidden: Hidden
) -> dict[str, object]:
    """Sweep every attribute by itself; groups too small to compare or to show are left out."""
    found: dict[str, object] = {}
    for comparison in compared:
        if comparison.control or len(comparison.attributes) > 1:
            continue
        groups = {
            ", ".join(group.slice.values()): group.tally
            for group in comparison.groups
            if isinstance(group.tally, BinaryTally)
            and group.tally.rows >= comparison.minimum(options)
            and frozenset(group.slice.items()) not in hidden
        }
        found[JOINT.join(comparison.attributes)] = swept(groups, costs=options.costs)
    return {"sweep": found}


def _numbers(values: FloatArray) -> list[float | None]:
    return [None if np.isnan(v) else float(v) for v in values]
