"""What do rows with a score of every class say: learned from, estimated and realised."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from lifecycle.domain.measurement import Window
from lifecycle.engines import Engine
from lifecycle.engines.contract import Kind, Source
from lifecycle.engines.windows import Windowing
from lifecycle.errors import InsufficientData, InvalidInput
from lifecycle.services.analysis import calibrated, row_windows
from lifecycle.services.analysis.outcomes import MANY_LABELS
from lifecycle.stats import catalogue
from lifecycle.stats.catalogue import Needs
from lifecycle.stats.catalogue.estimation import PREFIX
from lifecycle.stats.counting import class_tally
from lifecycle.stats.inference import Estimate
from lifecycle.stats.performance.class_estimation import (
    ClassCalibration,
    ExpectedClasses,
    calibrate_classes,
    expect_classes,
    valid_scores,
)
from lifecycle.stats.summaries import ClassTally, CountArray, FloatArray

MOST_ROWS = 200_000
"""Rows of a reference to learn from, evenly spaced; more change the last digits."""

RANKING = ("roc_auc_ovr",)
"""What needs no prediction."""


@dataclass(frozen=True, slots=True)
class ClassColumns:
    """Which columns hold the outcome, what was predicted, and the score of each class."""

    target: str | None
    prediction: str | None
    scores: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class ClassRows:
    """The rows of one window with a valid score of every class.

    Parameters
    ----------
    labels, decisions
        Shape (n,), positions of the classes; -1 where none of them is known.
    scores
        Shape (n, k), each between 0 and 1.
    left_out
        Rows without a valid score of every class.
    """

    classes: tuple[str, ...]
    labels: CountArray
    decisions: CountArray
    scores: FloatArray
    left_out: int = 0

    @property
    def rows(self) -> int:
        """All rows, those that are left out too."""
        return len(self.labels) + self.left_out

    @property
    def matured(self) -> float:
        """The share of rows whose outcome is known."""
        return int(np.count_nonzero(self.labels >= 0)) / self.rows if self.rows else 0.0

    @cached_property
    def tally(self) -> ClassTally:
        """The rows by outcome and prediction."""
        return class_tally(self.labels, self.decisions, classes=self.classes)

    def at(self, chosen: np.ndarray) -> "ClassRows":
        """Return some of the rows."""
        return ClassRows(
            self.classes, self.labels[chosen], self.decisions[chosen], self.scores[chosen]
        )

    @classmethod
    def joined(cls, parts: "Sequence[ClassRows]") -> "ClassRows":
        """Put the rows of some windows together, at least one."""
        return cls(
            parts[0].classes,
            np.concatenate([part.labels for part in parts]),
            np.concatenate([part.decisions for part in parts]),
            np.concatenate([part.scores for part in parts]),
            sum(part.left_out for part in parts),
        )


def read(
    engine: Engine, source: Source, *, columns: ClassColumns, windowing: Windowing | None = None
) -> dict[Window | None, ClassRows]:
    """Return the rows of a source by window, oldest first.

    Raises
    ------
    InvalidInput
        A score column is missing or holds no numbers.
    """
    for name in columns.scores.values():
        if source.column(name).kind is not Kind.NUMERIC:
            kind = source.column(name).type
            raise InvalidInput(f"column {name} of {source.label} is {kind}; expected numbers")
    classes = tuple(columns.scores)
    coded = [name for name in (columns.target, columns.prediction) if name is not None]
    found = row_windows.by_window(
        engine,
        source,
        numbers=tuple(columns.scores.values()),
        categories=dict.fromkeys(coded, classes),
        windowing=windowing,
    )
    return {window: _rows(values, columns=columns) for window, values in found.items()}


def _rows(values: FloatArray, *, columns: ClassColumns) -> ClassRows:
    k = len(columns.scores)
    scores = values[:k].T
    codes = np.where(values[k:] < k, values[k:], -1).astype(np.int64)  # NaN is no class either
    unknown = np.full(len(scores), -1, np.int64)
    named = [name for name in (columns.target, columns.prediction) if name is not None]
    by_name = dict(zip(named, codes, strict=True))
    valid = valid_scores(scores)
    return ClassRows(
        classes=tuple(columns.scores),
        labels=by_name.get(columns.target or "", unknown)[valid],
        decisions=by_name.get(columns.prediction or "", unknown)[valid],
        scores=scores[valid],
        left_out=int(np.count_nonzero(~valid)),
    )


def check_classes(engine: Engine, reference: Source, *, columns: ClassColumns) -> None:
    """Refuse a reference with a class that has no score.

    Raises
    ------
    InvalidInput
        There is one; the sentence names it.
    """
    seen = [v for v, _ in engine.values(reference, columns.target or "", limit=MANY_LABELS)]
    if unscored := sorted(set(seen) - set(columns.scores)):
        raise InvalidInput(
            f"class {unscored[0]!r} of column {columns.target} of {reference.label} has no score "
            "column; an estimate needs the score of every class"
        )


def learn(reference: ClassRows) -> ClassCalibration | Estimate:
    """Learn what the scores of each class stand for, or say why that is refused."""
    labelled = np.flatnonzero(reference.labels >= 0)
    known = reference.at(labelled[:: -(-len(labelled) // MOST_ROWS) or 1])
    try:
        learned = calibrate_classes(known.labels, known.scores, classes=known.classes)
    except InsufficientData as error:
        return Estimate(None, 0, reason=str(error), insufficient=True)
    if (failing := learned.failing) is not None:
        fit = learned.each[learned.classes.index(failing)].fit
        reason = f"class {failing!r} against the rest: {calibrated.failure(fit)}"
        return Estimate(None, 0, reason=reason)
    if learned.likeliest.fails:
        reason = (
            "the reference's scores cannot be calibrated: rows are of their likeliest class more "
            f"or less often than promised, by {learned.likeliest.error:.3f}"
        )
        return Estimate(None, 0, reason=reason)
    return learned


def estimates(
    names: Sequence[str],
    rows: ClassRows,
    learned: ClassCalibration | Estimate,
    *,
    confidence: float,
) -> list[Estimate]:
    """Estimate measures of some rows without reading outcomes, or hand on why that is refused."""
    if isinstance(learned, Estimate):
        return [replace(learned, n=rows.rows) for _ in names]
    expected: ExpectedClasses = expect_classes(rows.scores, rows.decisions, calibration=learned)
    return [
        catalogue.get(f"{PREFIX}{name}").measure(expected, confidence=confidence) for name in names
    ]


def realised(name: str, rows: ClassRows, *, confidence: float) -> Estimate:
    """Measure from the outcomes what an estimate is an estimate of."""
    statistic = catalogue.get(name)
    if Needs.CLASSES in statistic.needs:
        return statistic.measure(rows.tally, confidence=confidence)
    known = rows.labels >= 0
    return statistic.measure(rows.labels[known], rows.scores[known], confidence=confidence)
