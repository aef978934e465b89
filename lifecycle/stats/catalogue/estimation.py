"""The statistics that are estimated while outcomes are unknown, and those in money."""

from dataclasses import replace

from lifecycle.stats.catalogue.performance import CLASS_SCORES, MINIMUM, PERFORMANCE
from lifecycle.stats.catalogue.statistic import Family, Needs, Statistic
from lifecycle.stats.inference import CONFIDENCE, Estimate
from lifecycle.stats.performance import class_estimation, estimation, expected_errors, value
from lifecycle.stats.performance.class_estimation import ExpectedClasses
from lifecycle.stats.performance.estimation import Expected

SOURCE = "confidence-based estimation, Bialek et al. 2024, arXiv:2407.08649"
PREFIX = "estimated_"

_REALISED = {s.name: s for s in (*PERFORMANCE, *CLASS_SCORES)}


def _estimated(name: str) -> Statistic:
    """Declare the estimate of a measure of two classes, of several, or of either."""

    def measure(
        expected: Expected | ExpectedClasses, *, confidence: float = CONFIDENCE
    ) -> Estimate:
        if isinstance(expected, Expected):
            return estimation.estimate(name, expected, confidence=confidence)
        return class_estimation.MEASURES[name](expected, confidence=confidence)

    kinds = {Needs.BINARY: estimation.ESTIMATED, Needs.ROWS: class_estimation.MEASURES}
    return replace(
        _REALISED[name],
        name=f"{PREFIX}{name}",
        title=f"{_REALISED[name].title}, estimated",
        family=Family.ESTIMATION,
        definition=f"What {name} is expected to be while outcomes are unknown, from scores that "
        "were calibrated on the reference; holds while only the mix of rows changes.",
        formula=f"{_REALISED[name].formula}, each row counted by the calibrated chances of it",
        source=f"{SOURCE}; interval by the delta method, on the logit scale",
        needs=frozenset(kind for kind, names in kinds.items() if name in names),
        measure=measure,
    )


ESTIMATED: tuple[Statistic, ...] = tuple(map(_estimated, estimation.ESTIMATED))
"""Read an `Expected` or, where they need rows too, an `ExpectedClasses`:
``measure(expected, *, confidence)``."""

ESTIMATED_CLASSES: tuple[Statistic, ...] = tuple(
    _estimated(name) for name in class_estimation.MEASURES if name not in estimation.ESTIMATED
)
"""Read an `ExpectedClasses` only."""

ESTIMATED_ERRORS: tuple[Statistic, ...] = tuple(
    replace(
        _REALISED[name],
        name=f"{PREFIX}{name}",
        title=f"{_REALISED[name].title}, estimated",
        family=Family.ESTIMATION,
        definition=f"What {name} is expected to be while outcomes are unknown, from sizes of "
        "errors learned on the reference; holds while only the mix of rows changes.",
        formula=f"{_REALISED[name].formula}, each row's error as large as rows like it had",
        source="direct loss estimation; interval from the scatter of single errors, the jackknife "
        "over parts of the reference and what whole parts were off",
        needs=frozenset({Needs.ROWS}),
        measure=measure,
    )
    for name, measure in (
        ("mae", expected_errors.mean_size),
        ("rmse", expected_errors.root_mean_square),
    )
)
"""Read expected sizes of errors: ``measure(expected, *, known, confidence)``."""

VALUE_PER_DECISION = Statistic(
    name="value_per_decision",
    title="Value per decision",
    family=Family.VALUE,
    unit="money",
    definition="Mean worth of a decision, by what each way it can turn out is worth.",
    formula="sum over outcomes of worth x rows / rows",
    source="interval by Student's t",
    needs=frozenset({Needs.BINARY}),
    better="higher",
    limit=None,
    minimum=MINIMUM,
    measure=value.value_per_decision,
)

TOTAL_VALUE = replace(
    VALUE_PER_DECISION,
    name="total_value",
    title="Value of all decisions",
    definition="What the decisions of a window were worth together; the interval is what as many "
    "decisions of the same kind bring by chance.",
    formula="sum over outcomes of worth x rows",
    measure=value.total_value,
)

VALUE: tuple[Statistic, ...] = (
    VALUE_PER_DECISION,
    TOTAL_VALUE,
    replace(
        VALUE_PER_DECISION,
        name=f"{PREFIX}value_per_decision",
        title="Value per decision, estimated",
        definition="Expected mean worth of a decision while outcomes are unknown, from scores "
        "that were calibrated on the reference.",
        formula="sum over outcomes of worth x expected rows / rows",
        source=f"{SOURCE}; interval by the delta method",
        measure=value.expected_value_per_decision,
    ),
    replace(
        TOTAL_VALUE,
        name=f"{PREFIX}total_value",
        title="Value of all decisions, estimated",
        definition="What the decisions of a window are expected to be worth together while "
        "outcomes are unknown, from scores that were calibrated on the reference.",
        formula="sum over outcomes of worth x expected rows",
        source=f"{SOURCE}; interval by the delta method",
        measure=value.expected_total_value,
    ),
)
"""Read a tally or an `Expected`: ``measure(it, *, worth, confidence)``."""
