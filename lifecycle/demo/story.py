"""What a sample model is made of: its business case, its rows and what happens to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd

from lifecycle.domain.model import Columns, Task

ID, TIME, KNOWN_AT = "case_id", "scored_at", "known_at"
SCORE, PREDICTION = "score", "prediction"

Fit = Callable[[pd.DataFrame, pd.Series], Any]


class Second(StrEnum):
    """What becomes of a model's second version."""

    NONE = "none"
    REPLACES = "replaces"
    WAITS = "waits"
    REJECTED = "rejected"
    STALE = "stale"


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """A model's rows.

    Parameters
    ----------
    training, reference
        Features, sensitive columns and target; the model never saw the reference.
    stream
        What was scored: `ID`, `TIME`, features, sensitive columns, target and `KNOWN_AT`, by time.
        With `SCORE` and `PREDICTION` where the answers came with the data.
    """

    training: pd.DataFrame
    reference: pd.DataFrame
    stream: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Planted:
    """What a screen must show about a model: in which column, from when, of what size."""

    column: str | None
    since: datetime
    sentence: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Story:
    """One model of the sample portfolio, before anything of it is written.

    Parameters
    ----------
    use_case, dataset
        Keywords of the services that register them.
    model
        Likewise; without task, which stands here.
    fits
        How version 1 and, where there is one, version 2 are trained; none for a version whose
        answers came with the data.
    threshold
        The score from which a case counts as positive.
    plan
        What assessments measure, as a plan file would say it.
    watch
        Settings of its monitor beside grain and limits.
    second_reason
        Why the second version is asked for or turned down.
    historical
        The rows' times lie years back and are kept: they are delivered as history within the last
        year, in which everything else about the model happens.
    tried
        Whether model files are tried in validation before versions are approved.
    narrowed
        The attribute between whose groups ways to narrow the gap are tried at the review.
    explained_again
        Whether the review before the year's end also explains version 1 on the newest rows.
    reasons
        The dictionary in which single decisions are explained; the highest scored case is, then.
    lead_days
        Days between the use case and the first prediction.
    """

    id: str
    task: Task
    use_case: Mapping[str, Any]
    model: Mapping[str, Any]
    dataset: Mapping[str, Any]
    rows: Rows
    target: str
    features: tuple[str, ...]
    fits: tuple[Fit, ...]
    plan: Mapping[str, Any]
    categorical: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    positive: str | None = None
    threshold: float | None = None
    grain: str = "week"
    watch: Mapping[str, Any] = field(default_factory=dict[str, Any])
    second: Second = Second.NONE
    second_reason: str = ""
    planted: tuple[Planted, ...] = ()
    limits: Mapping[str, float] = field(default_factory=dict[str, float])
    historical: bool = False
    explained_again: bool = False
    reasons: str = ""
    tried: bool = False
    narrowed: str = ""
    lead_days: int = 30

    @property
    def columns(self) -> Columns:
        """The columns as a version declares them."""
        binary = self.task is Task.BINARY
        return Columns(
            target=self.target,
            timestamp=TIME,
            id=ID,
            score=SCORE if binary else None,
            prediction=PREDICTION,
            positive=self.positive,
            threshold=self.threshold,
            features=self.features,
            categorical=self.categorical,
            sensitive=self.sensitive,
            class_scores={name: f"{SCORE}_{name}" for name in self.classes},
        )

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels of a task with several classes, each of which gets a score."""
        if self.task is not Task.CLASSES:
            return ()
        return tuple(sorted(self.rows.training[self.target].unique()))


def moments(
    rng: np.random.Generator, *, n: int, start: datetime, end: datetime, every: int = 1
) -> pd.Series:
    """Draw times between two moments, in order, with fewer at night.

    Parameters
    ----------
    every
        Days between two batches; 1 for a model that scores every day.
    """
    days = (end - start).days
    day = rng.integers(0, days, n) // every * every
    hour = np.clip(rng.normal(13, 4, n), 0, 23.99)
    offset = np.sort(day * 24.0 + hour)
    times = pd.Timestamp(start) + pd.to_timedelta(np.round(offset * 3600), unit="s")
    return pd.Series(pd.DatetimeIndex(times).as_unit("us"))


def outcomes_after(
    rng: np.random.Generator, times: pd.Series, *, least: float, most: float
) -> pd.Series:
    """Draw when each outcome becomes known, so many days after the prediction."""
    delay = pd.to_timedelta(np.round(rng.uniform(least, most, len(times)) * 86400), unit="s")
    return times.reset_index(drop=True) + pd.Series(delay)


def identified(frame: pd.DataFrame, *, prefix: str) -> pd.DataFrame:
    """Give each row of a stream a key of its own."""
    keys = pd.Series(np.arange(len(frame)), index=frame.index).map(lambda k: f"{prefix}-{k:06d}")
    return frame.assign(**{ID: keys})
