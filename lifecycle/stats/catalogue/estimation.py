"""The statistics that are estimated while outcomes are unknown, and those in money."""

from dataclasses import replace
from functools import partial

from lifecycle.stats.catalogue.performance import MINIMUM, PERFORMANCE
from lifecycle.stats.catalogue.statistic import Family, Needs, Statistic
from lifecycle.stats.performance import estimation, expected_errors, value

SOURCE = "confidence-based estimation, Bialek et al. 2024, arXiv:2407.08649"
PREFIX = "estimated_"

_REALISED = {s.name: s for s in PERFORMANCE}

ESTIMATED: tuple[Statistic, ...] = tuple(
    replace(
        _REALISED[name],
        name=f"{PREFIX}{name}",
        title=f"{_REALISED[name].title}, estimated",
        family=Family.ESTIMATION,
        definition=f"What {name} is expected to be while outcomes are unknown, from scores that "
        "were calibrated on the reference; holds while only the mix of rows changes.",
        formula=f"{_REALISED[name].formula}, each row counted positive by its calibrated chance",
        source=f"{SOURCE}; interval by the delta method, on the logit scale",
        needs=frozenset({Needs.BINARY}),
        measure=partial(estimation.estimate, name),
    )
    for name in estimation.ESTIMATED
)
"""Read an `Expected`: ``measure(expected, *, confidence)``."""

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
