"""A sample model's versions: really trained, and what each of them answered."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn import metrics
from skops import io
from threadpoolctl import threadpool_limits

from lifecycle.demo.story import PREDICTION, SCORE, TIME, Second, Story
from lifecycle.domain.model import Task


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """One version with its answers.

    Parameters
    ----------
    model
        The fitted estimator; ``None`` where the answers came with the data.
    reference, stream
        The story's rows with this version's answers; an empty stream was never in production.
    """

    story_id: str
    name: str
    model: Any
    reference: pd.DataFrame
    stream: pd.DataFrame
    metrics: Mapping[str, float]
    parameters: Mapping[str, str]
    environment: Mapping[str, str]

    def saved(self, folder: Path) -> Path | None:
        """Write the model as a skops file, if there is one."""
        if self.model is None:
            return None
        file = folder / f"{self.story_id}-{self.name}.skops"
        io.dump(self.model, file)
        return file


def scored(story: Story) -> list[Scored]:
    """Train a story's versions and let them answer."""
    if not story.fits:
        rows = story.rows
        return [_version(story, "1", None, reference=rows.reference, stream=rows.stream)]
    made: list[Scored] = []
    for number, fit in enumerate(story.fits):
        training: Any = story.rows.training
        # Small models gain nothing from threads, and on a busy machine they wait for each other.
        with threadpool_limits(1):
            model = fit(training[list(story.features)], training[story.target])
            reference = _answered(story, model, story.rows.reference)
            stream = _answered(story, model, _share(story, number))
        made.append(_version(story, str(number + 1), model, reference=reference, stream=stream))
    return made


def replaced_at(story: Story) -> Any:
    """Return when a second version takes over: in the middle of the stream."""
    times = story.rows.stream[TIME]
    return (times.iloc[0] + (times.iloc[-1] - times.iloc[0]) / 2).floor("h")


def _share(story: Story, number: int) -> pd.DataFrame:
    """Return the rows that version saw in production."""
    stream: Any = story.rows.stream
    if story.second is Second.REPLACES:
        before = stream[TIME] < replaced_at(story)
        return stream[before] if number == 0 else stream[~before]
    return stream if number == 0 else stream.iloc[:0]


def _answered(story: Story, model: Any, rows: pd.DataFrame) -> pd.DataFrame:
    if rows.empty:
        return rows
    seen = rows[list(story.features)]
    if story.task is Task.BINARY:
        at = [str(c) for c in model.classes_].index(story.positive or "")
        score = np.round(model.predict_proba(seen)[:, at], 5)
        decided = (score >= (story.threshold or 0.5)).astype(int)
        return rows.assign(**{SCORE: score, PREDICTION: decided})
    answer = model.predict(seen)
    if story.task is Task.CLASSES:
        chances = np.round(model.predict_proba(seen), 5)
        columns = [story.columns.class_scores[str(name)] for name in model.classes_]
        rows = rows.assign(**dict(zip(columns, chances.T, strict=True)))
    else:
        answer = np.round(answer, 3)
    return rows.assign(**{PREDICTION: answer})


def _version(
    story: Story, name: str, model: Any, *, reference: pd.DataFrame, stream: pd.DataFrame
) -> Scored:
    final = model[-1] if hasattr(model, "steps") else model
    parameters = {} if final is None else final.get_params()
    return Scored(
        story_id=story.id,
        name=name,
        model=model,
        reference=reference,
        stream=stream,
        metrics=_metrics(story, reference),
        parameters={
            "estimator": type(final).__name__ if final is not None else "none",
            **{key: str(value) for key, value in parameters.items() if value is not None},
        },
        environment={
            "python": platform.python_version(),
            "scikit-learn": version("scikit-learn"),
        },
    )


def _metrics(story: Story, rows: pd.DataFrame) -> dict[str, float]:
    truth: Any = rows[story.target]
    answer: Any = rows[PREDICTION]
    if story.task is Task.BINARY:
        label = truth.astype(str) == story.positive
        return {"roc_auc": round(float(metrics.roc_auc_score(label, rows[SCORE])), 4)}
    if story.task is Task.CLASSES:
        return {"accuracy": round(float((truth.astype(str) == answer.astype(str)).mean()), 4)}
    return {"r2": round(float(metrics.r2_score(truth, answer)), 4)}
