"""What the catalogue says about a statistic."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from lifecycle.stats.inference import Estimate


class Family(StrEnum):
    """What a statistic is about."""

    DRIFT = "drift"
    MULTIVARIATE = "multivariate drift"
    ANSWERS = "drift of outcomes"
    EXPLANATION = "drift of explanations"
    ATTRIBUTION = "explanation"
    PERFORMANCE = "performance"
    FAIRNESS = "fairness"
    QUALITY = "quality"
    ESTIMATION = "estimation"
    VALUE = "value"
    SERVICE = "service"
    VALIDATION = "validation"


class Needs(StrEnum):
    """Which summary a statistic reads."""

    NUMERIC = "numeric"
    """`NumericProfile`"""
    CATEGORICAL = "categorical"
    """`CategoryProfile`"""
    BINARY = "binary"
    """`BinaryTally`"""
    CLASSES = "classes"
    """`ClassTally`"""
    REGRESSION = "regression"
    """`ErrorTally`"""
    ROWS = "rows"
    """Rows of all columns together; no summary carries it."""
    BROKEN = "broken"
    """The rows that break a rule, and all rows that were judged"""
    AGE = "age"
    """Seconds since the newest row, and all rows"""
    LAYOUT = "layout"
    """The columns that changed, and the rows of a window"""
    PERIODS = "periods"
    """The periods without a row, and all periods of a window"""
    VOLUME = "volume"
    """The usual and the actual number of rows of a window"""
    IMPORTANCE = "importance"
    """`Importance`"""
    ATTRIBUTIONS = "attributions"
    """SHAP values by row, column and output; no summary carries them."""
    TRIALS = "trials"
    """Rows that a model file was run on; no summary carries them."""


@dataclass(frozen=True, slots=True)
class Statistic:
    """One line of the catalogue.

    Parameters
    ----------
    name
        What command line, API and stored measurements call it.
    title
        What a screen calls it.
    unit
        ``"1"`` for a plain number, ``"sd"`` for reference standard deviations, ``"nats"``,
        ``"column"`` for the column's own unit, ``"outcome"`` for the outcome's, ``"output"`` for
        that of what a model puts out, such as log-odds, and ``"money"`` for the currency of the
        cost matrix.
    definition, formula, source
        How it is computed, in a sentence, in symbols, and according to whom.
    needs
        The summaries ``measure`` accepts.
    better
        Which direction is good; ``None`` when neither is.
    limit
        House default for drift, an effect size; ``None`` when there is none.
    minimum
        Fewest observations before the value is judged.
    measure
        Drift: ``measure(reference, current, *, confidence)`` on two profiles of one kind, an
        `OverWindows` that measures many windows at once as well.
        Multivariate drift: the same on scores, rows or errors, as the function itself says.
        Drift of outcomes: the same on two tallies; of explanations: on two rankings of columns.
        Performance and group rates: ``measure(tally, *, confidence)``.
        Gaps: ``measure(tallies, *, confidence, minimum, reference)`` over the groups.
        Estimation, value, service, validation and explanation: as their modules here say.
    exact
        Drift of numbers: ``exact(reference, current, *, confidence)`` on ascending finite samples;
        ``None`` where ``measure`` loses nothing to binning.
    """

    name: str
    title: str
    family: Family
    unit: str
    definition: str
    formula: str
    source: str
    needs: frozenset[Needs]
    better: Literal["lower", "higher"] | None
    limit: float | None
    minimum: int
    measure: Callable[..., Estimate]
    exact: Callable[..., Estimate] | None = None
