"""What every trial starts from: rows, outcomes, the model's answers, the training rows."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from lifecycle.domain.model import Columns, Task
from lifecycle.errors import InsufficientData, InvalidInput
from lifecycle.services.validation.answering import Answering, positives, texts
from lifecycle.services.validation.settings import Trials
from lifecycle.stats.inference import FloatArray
from lifecycle.stats.validation.levels import Metric

FITTING = {
    Task.BINARY: (Metric.ROC_AUC, Metric.BRIER, Metric.ACCURACY),
    Task.CLASSES: (Metric.ACCURACY,),
    Task.REGRESSION: (Metric.MAE, Metric.RMSE),
}
"""What answers of a task may be judged by, the usual one first."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows with their outcomes.

    Parameters
    ----------
    frame
        A pandas DataFrame; its columns have whatever types the file has.
    labels
        1 and 0 for a binary task, texts for classes, numbers for a regression.
    """

    frame: Any
    labels: NDArray[Any]

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, slots=True, eq=False)
class Bench:
    """A version on the rows it is tried on.

    Parameters
    ----------
    model
        ``None`` where the version has no file that can be run; then answers are the logged ones.
    answers
        Scores, classes or numbers, one per row.
    snapshot, trained_on
        The files of which ``rows`` and ``training`` may be a sample; leaks are counted in them.
    left_out
        Why rows were left out before any trial, a sentence each.
    """

    version_id: str
    task: Task
    columns: Columns
    features: tuple[str, ...]
    sensitive: tuple[str, ...]
    settings: Trials
    seed: int
    confidence: float
    metric: Metric
    rows: Rows
    answers: NDArray[Any]
    scored: bool
    model: Answering | None
    champion: Answering | None
    training: Rows | None
    file: str | None
    memory: float | None
    snapshot: Path
    trained_on: Path | None
    left_out: tuple[str, ...] = ()

    @property
    def rng(self) -> np.random.Generator:
        """A fresh generator for each trial, so that no trial depends on which ran before it."""
        return np.random.default_rng(self.seed)

    def judged(self, answers: NDArray[Any]) -> NDArray[Any]:
        """Return answers as the measure reads them: decisions where it is accuracy."""
        if self.metric is Metric.ACCURACY and self.scored:
            return self.decisions(answers)
        return answers

    def decisions(self, answers: NDArray[Any]) -> NDArray[Any]:
        """Turn answers into decisions by the version's threshold."""
        if not self.scored:
            return answers
        threshold = 0.5 if self.columns.threshold is None else self.columns.threshold
        return (answers >= threshold).astype(np.float64)

    @property
    def numeric(self) -> list[str]:
        """Features that hold numbers."""
        return [name for name in self.features if is_number(self.rows.frame[name])]

    @property
    def categorical(self) -> list[str]:
        """Features that hold names."""
        return [name for name in self.features if not is_number(self.rows.frame[name])]


def is_number(column: Any) -> bool:
    """Tell whether a column holds numbers; true and false are names."""
    return is_numeric_dtype(column) and not is_bool_dtype(column)


def read(file: Path, columns: list[str], *, most: int, seed: int) -> pd.DataFrame:
    """Read some columns of a Parquet file, at most so many rows, drawn and in file order.

    Raises
    ------
    InvalidInput
        A column is missing.
    """
    held = pq.read_schema(file).names
    missing = [name for name in columns if name not in held]
    if missing:
        raise InvalidInput(f"the snapshot has no column {missing[0]!r}, which the model takes")
    frame = pq.read_table(file, columns=columns).to_pandas()
    if len(frame) > most:
        picked = np.random.default_rng(seed).permutation(len(frame))[:most]
        frame = frame.iloc[np.sort(picked)]
    return frame.reset_index(drop=True)


def labelled(frame: pd.DataFrame, *, columns: Columns, task: Task) -> Rows:
    """Keep the rows whose outcome is known, with their outcomes coded.

    Raises
    ------
    InsufficientData
        No row has an outcome.
    """
    target: Any = frame[columns.target]
    if task is Task.REGRESSION:
        labels: NDArray[Any] = target.to_numpy(dtype=float, na_value=np.nan)
        known = np.isfinite(labels)
    elif task is Task.CLASSES:
        labels = texts(target)
        known = labels != ""
    else:
        labels = positives(target, positive=columns.positive)
        known = np.isfinite(labels)
    if not known.any():
        raise InsufficientData(f"no row has an outcome in column {columns.target!r}")
    return Rows(frame[known].reset_index(drop=True), labels[known])


def metric_of(task: Task, *, scored: bool, asked: Metric | None) -> Metric:
    """Choose what answers are judged by.

    Raises
    ------
    InvalidInput
        The plan asks for a measure that does not fit the task.
    """
    fitting = FITTING[task]
    if task is Task.BINARY and not scored:
        fitting = (Metric.ACCURACY,)
    if asked is not None and asked not in fitting:
        listed = ", ".join(fitting)
        raise InvalidInput(f"validation.metric {asked} does not fit this model; there is: {listed}")
    return asked or fitting[0]


def best_constant(bench: Bench) -> NDArray[Any]:
    """Return the best answer that looks at nothing, learned from the training rows if there are."""
    learned = (bench.training or bench.rows).labels
    n = len(bench.rows)
    if bench.task is Task.REGRESSION:
        middle = np.median(learned) if bench.metric is Metric.MAE else learned.mean()
        return np.full(n, float(middle))
    if bench.task is Task.BINARY and bench.metric is not Metric.ACCURACY:
        return np.full(n, float(np.mean(learned)))
    values, counts = np.unique(learned, return_counts=True)
    return np.full(n, values[counts.argmax()])


def losses(bench: Bench) -> FloatArray:
    """Return how wrong each answer is: squared error, wrong decision or absolute error."""
    labels, answers = bench.rows.labels, bench.answers
    if bench.task is Task.REGRESSION:
        return np.abs(answers - labels)
    if bench.scored:
        return (answers - labels) ** 2
    return (answers != labels).astype(np.float64)
