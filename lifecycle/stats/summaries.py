"""What rows become once they are counted: small values that add up.

An engine hands these over and a statistic reads them; neither learns anything else about the
other. Every summary is a monoid: ``a + b`` is the summary of the rows of both, whatever the
order or the partitioning, because it holds counts and sums over bins that the reference fixed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from lifecycle.errors import InvalidInput

FloatArray: TypeAlias = NDArray[np.float64]
CountArray: TypeAlias = NDArray[np.int64]

NEGATIVE, POSITIVE, UNKNOWN = 0, 1, 2
"""Positions on the label and decision axes of a `BinaryTally`."""


@dataclass(frozen=True, slots=True, eq=False)
class NumericProfile:
    """A numeric column in one window and slice, counted on fixed bins.

    Parameters
    ----------
    edges
        Shape (k - 1,), strictly increasing inner edges; bin i holds ``(edges[i-1], edges[i]]``.
    counts, sums
        Shape (k,), finite observations per bin and their sum in the column's unit.
    missing, infinite
        Rows without a value (null or NaN), and rows at plus or minus infinity; neither is binned.
    low, high
        Smallest and largest finite value; ``inf`` and ``-inf`` when there is none.
    squares
        Sum of squares of the finite values.
    """

    edges: FloatArray
    counts: CountArray
    sums: FloatArray
    missing: int
    infinite: int
    low: float
    high: float
    squares: float

    @property
    def n(self) -> int:
        """Finite observations."""
        return int(self.counts.sum())

    @property
    def rows(self) -> int:
        """All rows, with those that hold no finite value."""
        return self.n + self.missing + self.infinite

    def __add__(self, other: "NumericProfile") -> "NumericProfile":
        """Merge with the profile of other rows, counted on the same bins."""
        if not np.array_equal(self.edges, other.edges):
            raise InvalidInput("profiles counted on different bins cannot be merged")
        return NumericProfile(
            edges=self.edges,
            counts=self.counts + other.counts,
            sums=self.sums + other.sums,
            missing=self.missing + other.missing,
            infinite=self.infinite + other.infinite,
            low=min(self.low, other.low),
            high=max(self.high, other.high),
            squares=self.squares + other.squares,
        )


@dataclass(frozen=True, slots=True, eq=False)
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

    @property
    def n(self) -> int:
        """Rows with a value."""
        return int(self.counts.sum()) + self.other

    @property
    def rows(self) -> int:
        """All rows."""
        return self.n + self.missing

    def __add__(self, other: "CategoryProfile") -> "CategoryProfile":
        """Merge with the profile of other rows, counted on the same categories."""
        if self.categories != other.categories:
            raise InvalidInput("profiles counted on different categories cannot be merged")
        return CategoryProfile(
            categories=self.categories,
            counts=self.counts + other.counts,
            other=self.other + other.other,
            missing=self.missing + other.missing,
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
    score_sums
        Shape (3, k), sum of the scores in each of those cells.
    decided
        Shape (3, k), rows with a valid score by decision and score bin.
    score_squares
        Shape (3,), sum of squared scores by label.
    log_losses
        Shape (3,), sum of ``-log(score)`` for positives, ``-log(1 - score)`` for negatives,
        0 for unknown; scores clipped to ``[eps, 1 - eps]`` with eps the float64 epsilon.
    exact
        True when every valid score equals the upper edge of its bin, so that a bin holds one
        distinct score, also after a merge, and ranking statistics are exact.
    invalid_scores
        Rows whose score is missing, not finite or outside 0..1.
    """

    edges: FloatArray
    decisions: CountArray
    scores: CountArray
    score_sums: FloatArray
    decided: CountArray
    score_squares: FloatArray
    log_losses: FloatArray
    exact: bool
    invalid_scores: int

    @property
    def rows(self) -> int:
        """All rows."""
        return int(self.decisions.sum())

    @property
    def labelled(self) -> int:
        """Rows whose outcome is known."""
        return int(self.decisions[:UNKNOWN].sum())

    def __add__(self, other: "BinaryTally") -> "BinaryTally":
        """Merge with the tally of other rows, counted on the same score bins."""
        if not np.array_equal(self.edges, other.edges):
            raise InvalidInput("tallies counted on different score bins cannot be merged")
        return BinaryTally(
            edges=self.edges,
            decisions=self.decisions + other.decisions,
            scores=self.scores + other.scores,
            score_sums=self.score_sums + other.score_sums,
            decided=self.decided + other.decided,
            score_squares=self.score_squares + other.score_squares,
            log_losses=self.log_losses + other.log_losses,
            exact=self.exact and other.exact,
            invalid_scores=self.invalid_scores + other.invalid_scores,
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

    def __add__(self, other: "ClassTally") -> "ClassTally":
        """Merge with the tally of other rows over the same classes."""
        if self.classes != other.classes:
            raise InvalidInput("tallies over different classes cannot be merged")
        return ClassTally(
            classes=self.classes,
            confusion=self.confusion + other.confusion,
            unlabelled=self.unlabelled + other.unlabelled,
        )


@dataclass(frozen=True, slots=True, eq=False)
class ErrorTally:
    """A regression's rows in one window and slice; the error is prediction minus outcome.

    Parameters
    ----------
    n
        Rows with a finite outcome and prediction.
    errors, absolute, squares, fourths
        Sums over those rows of the error, its absolute value, its square and its fourth power.
    outcomes, outcome_squares
        Sums over those rows of the outcome and its square.
    relative, relative_squares
        Sums of the absolute error over the absolute outcome and of its square, where the outcome
        is not 0.
    zeros
        Rows among the n whose outcome is 0 (no larger than the float64 epsilon).
    unlabelled
        Rows whose outcome is not known.
    invalid
        Rows with an outcome whose prediction is missing or not finite, or the reverse.
    """

    n: int
    errors: float
    absolute: float
    squares: float
    fourths: float
    outcomes: float
    outcome_squares: float
    relative: float
    relative_squares: float
    zeros: int
    unlabelled: int
    invalid: int

    @property
    def rows(self) -> int:
        """All rows."""
        return self.n + self.unlabelled + self.invalid

    def __add__(self, other: "ErrorTally") -> "ErrorTally":
        """Merge with the tally of other rows."""
        return ErrorTally(
            n=self.n + other.n,
            errors=self.errors + other.errors,
            absolute=self.absolute + other.absolute,
            squares=self.squares + other.squares,
            fourths=self.fourths + other.fourths,
            outcomes=self.outcomes + other.outcomes,
            outcome_squares=self.outcome_squares + other.outcome_squares,
            relative=self.relative + other.relative,
            relative_squares=self.relative_squares + other.relative_squares,
            zeros=self.zeros + other.zeros,
            unlabelled=self.unlabelled + other.unlabelled,
            invalid=self.invalid + other.invalid,
        )


Profile: TypeAlias = NumericProfile | CategoryProfile
Tally: TypeAlias = BinaryTally | ClassTally | ErrorTally

_Summary = TypeVar("_Summary", NumericProfile, CategoryProfile, BinaryTally, ClassTally, ErrorTally)


def numeric_bins(ordered: FloatArray, *, bins: int) -> FloatArray:
    """Fix the inner bin edges of a column from its reference.

    A column of few distinct values gets one bin per value and one per gap between values, so that
    nothing hides inside a bin. Otherwise edges stand at the reference's quantiles, the deciles
    always among them, and a value that holds a bin's worth of rows gets a bin of its own, so that
    ties and zero inflation count.

    Parameters
    ----------
    ordered
        Shape (n,), finite reference values in ascending order, n at least 1.
    bins
        Number of quantile bins wanted, at least 2; the result may have more (deciles, values
        with a bin of their own) or fewer (ties).

    Returns
    -------
    ndarray
        Shape (k - 1,), strictly increasing. A constant column gives the two edges that isolate
        its value.

    Raises
    ------
    InvalidInput
        No values, or fewer than two bins.

    Notes
    -----
    Quantiles are the smallest value with at least that share of rows at or below it, NumPy's
    ``inverted_cdf``: an edge is always a value of the column.
    """
    n = len(ordered)
    if n == 0 or bins < 2:  # noqa: PLR2004 -- one bin tells nothing
        raise InvalidInput("bins need at least one reference value and must be two or more")
    first = np.concatenate([[True], ordered[1:] > ordered[:-1]])
    if np.count_nonzero(first) <= bins:
        return _with_own_bins(ordered[first], own=ordered[first])
    ranks = np.concatenate([_ranks(n, parts=bins), _ranks(n, parts=10)])
    edges = np.unique(ordered[ranks])
    rows = np.searchsorted(ordered, edges, side="right") - np.searchsorted(ordered, edges)
    return _with_own_bins(edges, own=edges[rows * bins >= n])


def _ranks(n: int, *, parts: int) -> CountArray:
    """Return the positions of the inner quantiles; whole numbers, so that no rank is off by one."""
    return -(-np.arange(1, parts, dtype=np.int64) * n // parts) - 1


def _with_own_bins(edges: FloatArray, *, own: FloatArray) -> FloatArray:
    """Add an edge just below each value that gets a bin of its own."""
    own = own[own > np.finfo(np.float64).min]  # nothing lies below the lowest double
    return np.unique(np.concatenate([edges, np.nextafter(own, -np.inf)]))


def merge(parts: Sequence[_Summary]) -> _Summary:
    """Add up summaries of the same bins; at least one is needed."""
    if not parts:
        raise InvalidInput("nothing to merge")
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total
