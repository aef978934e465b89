"""What rows become once they are counted: small values that add up.

An engine hands these over and a statistic reads them; neither learns anything else about the
other. Every summary is a commutative monoid, to the bit: ``a + b`` is the summary of the rows of
both, whatever the order or the partitioning, because it holds counts and exact sums over bins that
the reference fixed. Sums are rounded to doubles when they are read.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias, TypeVar

import numpy as np

from lifecycle.errors import InvalidInput
from lifecycle.stats.summaries import exact
from lifecycle.stats.summaries.bins import numeric_bins
from lifecycle.stats.summaries.exact import ExactSums
from lifecycle.stats.summaries.runs import CountArray, FloatArray

__all__ = [
    "NEGATIVE",
    "POSITIVE",
    "UNKNOWN",
    "BinaryTally",
    "CategoryProfile",
    "ClassTally",
    "CountArray",
    "ErrorTally",
    "ExactSums",
    "FloatArray",
    "NumericProfile",
    "Profile",
    "Tally",
    "merge",
    "numeric_bins",
]

NEGATIVE, POSITIVE, UNKNOWN = 0, 1, 2
"""Positions on the label and decision axes of a `BinaryTally`."""


@dataclass(frozen=True, eq=False)
class NumericProfile:
    """A numeric column in one window and slice, counted on fixed bins.

    Parameters
    ----------
    edges
        Shape (k - 1,), strictly increasing inner edges; bin i holds ``(edges[i-1], edges[i]]``.
    counts, totals
        Shape (k,), finite observations per bin and their exact sum in the column's unit.
    missing, infinite
        Rows without a value (null or NaN), and rows at plus or minus infinity; neither is binned.
    low, high
        Smallest and largest finite value; ``inf`` and ``-inf`` when there is none.
    square_totals
        Shape (1,), exact sum of the finite values' squares, each rounded to a double.
    """

    edges: FloatArray
    counts: CountArray
    totals: ExactSums
    missing: int
    infinite: int
    low: float
    high: float
    square_totals: ExactSums

    @property
    def sums(self) -> FloatArray:
        """Shape (k,), the sums as doubles."""
        return self.totals.rounded

    @property
    def squares(self) -> float:
        """The sum of squares as a double; infinite beyond the largest."""
        return float(self.square_totals.rounded[0])

    @cached_property
    def n(self) -> int:
        """Finite observations."""
        return int(self.counts.sum())

    @property
    def rows(self) -> int:
        """All rows, with those that hold no finite value."""
        return self.n + self.missing + self.infinite

    @classmethod
    def merged(cls, parts: "Sequence[NumericProfile]") -> "NumericProfile":
        """Merge profiles counted on the same bins, at least one."""
        edges = parts[0].edges
        if not all(part.edges is edges or np.array_equal(part.edges, edges) for part in parts):
            raise InvalidInput("profiles counted on different bins cannot be merged")
        return cls(
            edges=edges,
            counts=_total(part.counts for part in parts),
            totals=exact.merged([part.totals for part in parts]),
            missing=sum(part.missing for part in parts),
            infinite=sum(part.infinite for part in parts),
            low=min(part.low for part in parts),
            high=max(part.high for part in parts),
            square_totals=exact.merged([part.square_totals for part in parts]),
        )


@dataclass(frozen=True, eq=False)
class CategoryProfile:
    """A categorical column in one window and slice.

    Parameters
    ----------
    categories
        The reference's values, most frequent first; they fix the bins.
    counts
        Shape (len(categories),), rows per category.
    other
        Rows whose value the reference never held, or beyond its top categories.
    missing
        Rows without a value.
    """

    categories: tuple[str, ...]
    counts: CountArray
    other: int
    missing: int

    @cached_property
    def n(self) -> int:
        """Rows with a value."""
        return int(self.counts.sum()) + self.other

    @property
    def rows(self) -> int:
        """All rows."""
        return self.n + self.missing

    @classmethod
    def merged(cls, parts: "Sequence[CategoryProfile]") -> "CategoryProfile":
        """Merge profiles counted on the same categories, at least one."""
        categories = parts[0].categories
        if any(part.categories != categories for part in parts):
            raise InvalidInput("profiles counted on different categories cannot be merged")
        return cls(
            categories=categories,
            counts=_total(part.counts for part in parts),
            other=sum(part.other for part in parts),
            missing=sum(part.missing for part in parts),
        )


@dataclass(frozen=True, slots=True, eq=False)
class BinaryTally:
    """A binary classifier's rows in one window and slice, by label, decision and score bin.

    Labels and decisions are ordered negative, positive, unknown (not arrived, or not given).

    Parameters
    ----------
    edges
        Shape (k - 1,), inner edges of the score bins; bin i holds ``(edges[i-1], edges[i]]``.
        Empty when there are no scores.
    decisions
        Shape (3, 3), rows by label and decision.
    scores
        Shape (3, k), rows with a valid score by label and score bin.
    score_totals
        Shape (3, k), exact sum of the scores in each of those cells.
    decided
        Shape (3, k), rows with a valid score by decision and score bin.
    square_totals
        Shape (3,), exact sum of squared scores by label.
    loss_totals
        Shape (3,), exact sum of ``-log(score)`` for positives, ``-log(1 - score)`` for negatives,
        0 for unknown; scores clipped to ``[eps, 1 - eps]`` with eps the float64 epsilon.
    exact
        True when every valid score equals the upper edge of its bin, so that a bin holds one
        distinct score, also after a merge, and ranking statistics are exact.
    invalid_scores
        Rows whose score is missing, not finite or outside 0..1.
    strange_labels, strange_decisions
        Rows whose label or decision is unknown because it is coded in a way nobody knows.
    """

    edges: FloatArray
    decisions: CountArray
    scores: CountArray
    score_totals: ExactSums
    decided: CountArray
    square_totals: ExactSums
    loss_totals: ExactSums
    exact: bool
    invalid_scores: int
    strange_labels: int = 0
    strange_decisions: int = 0

    @property
    def score_sums(self) -> FloatArray:
        """Shape (3, k), sum of the scores by label and score bin, as doubles."""
        return self.score_totals.rounded

    @property
    def score_squares(self) -> FloatArray:
        """Shape (3,), sum of squared scores by label, as doubles."""
        return self.square_totals.rounded

    @property
    def log_losses(self) -> FloatArray:
        """Shape (3,), sum of the log losses by label, as doubles."""
        return self.loss_totals.rounded

    @property
    def rows(self) -> int:
        """All rows."""
        return int(self.decisions.sum())

    @property
    def labelled(self) -> int:
        """Rows whose outcome is known."""
        return int(self.decisions[:UNKNOWN].sum())

    @classmethod
    def merged(cls, parts: "Sequence[BinaryTally]") -> "BinaryTally":
        """Merge tallies counted on the same score bins, at least one."""
        edges = parts[0].edges
        if not all(part.edges is edges or np.array_equal(part.edges, edges) for part in parts):
            raise InvalidInput("tallies counted on different score bins cannot be merged")
        return cls(
            edges=edges,
            decisions=_total(part.decisions for part in parts),
            scores=_total(part.scores for part in parts),
            score_totals=exact.merged([part.score_totals for part in parts]),
            decided=_total(part.decided for part in parts),
            square_totals=exact.merged([part.square_totals for part in parts]),
            loss_totals=exact.merged([part.loss_totals for part in parts]),
            exact=all(part.exact for part in parts),
            invalid_scores=sum(part.invalid_scores for part in parts),
            strange_labels=sum(part.strange_labels for part in parts),
            strange_decisions=sum(part.strange_decisions for part in parts),
        )


@dataclass(frozen=True, slots=True, eq=False)
class ClassTally:
    """A multi-class classifier's rows in one window and slice, by label and prediction.

    Parameters
    ----------
    classes
        The k classes.
    confusion
        Shape (k, k), rows by label (first axis) and prediction.
    unlabelled
        Rows whose outcome or prediction is not known.
    """

    classes: tuple[str, ...]
    confusion: CountArray
    unlabelled: int

    @property
    def rows(self) -> int:
        """All rows."""
        return int(self.confusion.sum()) + self.unlabelled

    @classmethod
    def merged(cls, parts: "Sequence[ClassTally]") -> "ClassTally":
        """Merge tallies over the same classes, at least one."""
        if any(part.classes != parts[0].classes for part in parts):
            raise InvalidInput("tallies over different classes cannot be merged")
        return cls(
            classes=parts[0].classes,
            confusion=_total(part.confusion for part in parts),
            unlabelled=sum(part.unlabelled for part in parts),
        )


@dataclass(frozen=True, slots=True, eq=False)
class ErrorTally:
    """A regression's rows in one window and slice; the error is prediction minus outcome.

    Parameters
    ----------
    n
        Rows with a finite outcome and prediction.
    totals
        Shape (8,), exact sums over those rows: of the error, its absolute value, its square and
        its fourth power; of the outcome and its square; of the absolute error over the absolute
        outcome, where that is not 0, and its square.
    zeros
        Rows among the n whose outcome is 0 (no larger than the float64 epsilon).
    unlabelled
        Rows whose outcome is not known.
    invalid
        Rows with an outcome whose prediction is missing or not finite, or the reverse, or whose
        error a double cannot hold.
    """

    n: int
    totals: ExactSums
    zeros: int
    unlabelled: int
    invalid: int

    @property
    def rows(self) -> int:
        """All rows."""
        return self.n + self.unlabelled + self.invalid

    @property
    def errors(self) -> float:
        """Sum of the errors."""
        return float(self.totals.rounded[0])

    @property
    def absolute(self) -> float:
        """Sum of the errors' absolute values."""
        return float(self.totals.rounded[1])

    @property
    def squares(self) -> float:
        """Sum of the squared errors."""
        return float(self.totals.rounded[2])

    @property
    def fourths(self) -> float:
        """Sum of the errors' fourth powers."""
        return float(self.totals.rounded[3])

    @property
    def outcome_squares(self) -> float:
        """Sum of the squared outcomes."""
        return float(self.totals.rounded[5])

    @property
    def outcome_spread(self) -> float:
        """Sum of the squared distances of the outcomes from their mean, from the exact sums.

        Only the squares were rounded, each by at most half a unit of its last place.
        """
        total, squares = (self.totals.fraction(at) for at in (4, 5))
        return float(squares - total**2 / self.n) if self.n else 0.0

    @property
    def relative(self) -> float:
        """Sum of the absolute errors over the absolute outcomes, where those are not 0."""
        return float(self.totals.rounded[6])

    @property
    def relative_squares(self) -> float:
        """Sum of the squared relative errors."""
        return float(self.totals.rounded[7])

    @classmethod
    def merged(cls, parts: "Sequence[ErrorTally]") -> "ErrorTally":
        """Merge tallies, at least one."""
        return cls(
            n=sum(part.n for part in parts),
            totals=exact.merged([part.totals for part in parts]),
            zeros=sum(part.zeros for part in parts),
            unlabelled=sum(part.unlabelled for part in parts),
            invalid=sum(part.invalid for part in parts),
        )


Profile: TypeAlias = NumericProfile | CategoryProfile
Tally: TypeAlias = BinaryTally | ClassTally | ErrorTally

_Summary = TypeVar("_Summary", NumericProfile, CategoryProfile, BinaryTally, ClassTally, ErrorTally)


def merge(parts: Sequence[_Summary]) -> _Summary:
    """Add up summaries of the same bins; at least one is needed."""
    if not parts:
        raise InvalidInput("nothing to merge")
    return parts[0].merged(parts)


def _total(counts: Iterable[CountArray]) -> CountArray:
    """Add up counts over the same cells."""
    return np.asarray(np.sum(np.stack(list(counts)), axis=0), np.int64)
