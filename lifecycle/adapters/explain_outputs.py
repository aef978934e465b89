"""What a model answers, in which space, and what its last step sees of the rows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from lifecycle.errors import InvalidInput

Array: TypeAlias = NDArray[np.float64]

LOG_ODDS = frozenset(
    {
        "GradientBoostingClassifier",
        "HistGradientBoostingClassifier",
        "LogisticRegression",
        "LogisticRegressionCV",
    }
)
"""Estimators whose decision function is in log-odds; elsewhere it is called a margin."""


@dataclass(frozen=True, slots=True)
class Output:
    """One way in which a model answers.

    Parameters
    ----------
    space
        What the numbers are: ``probability``, ``log-odds``, ``margin``, or the ``target`` itself.
    names
        The outputs: every class, the positive one of two, or ``value``.
    of
        From rows to the answers, shape (rows, outputs).
    """

    space: str
    names: tuple[str, ...]
    of: Callable[[pd.DataFrame], Array]


def outputs(model: Any, *, positive: str | None) -> tuple[Output, ...]:
    """Return the ways in which a model answers, one output for two classes.

    Parameters
    ----------
    positive
        The positive label of a binary classifier as text; the last class when absent.

    Raises
    ------
    InvalidInput
        The model's classes do not include that label.
    """
    if not hasattr(model, "classes_"):

        def value(rows: pd.DataFrame) -> Array:
            return np.asarray(model.predict(rows), dtype=float).reshape(-1, 1)

        return (Output("target", ("value",), value),)
    names = tuple(str(c) for c in model.classes_)
    two = len(names) == 2  # noqa: PLR2004 -- binary
    at = position(model, positive) if two else 0
    kept = (names[at],) if two else names

    def margin(rows: pd.DataFrame) -> Array:
        found = np.asarray(model.decision_function(rows), dtype=float)
        return (found if at == 1 else -found).reshape(-1, 1) if two else found

    def probability(rows: pd.DataFrame) -> Array:
        found = np.asarray(model.predict_proba(rows), dtype=float)
        return found[:, at : at + 1] if two else found

    found: list[Output] = []
    if hasattr(model, "decision_function"):
        space = "log-odds" if type(final_step(model)).__name__ in LOG_ODDS else "margin"
        found.append(Output(space, kept, margin))
    if hasattr(model, "predict_proba"):
        found.append(Output("probability", kept, probability))
    return tuple(found)


def position(model: Any, positive: str | None) -> int:
    """Return where the positive class stands among the model's two classes."""
    names = [str(c) for c in model.classes_]
    if positive is None:
        return len(names) - 1
    if positive not in names:
        raise InvalidInput(f"the model's classes are {', '.join(names)}, not {positive!r}")
    return names.index(positive)


def final_step(model: Any) -> Any:
    """Return the estimator itself, without the steps that prepare its rows."""
    return model[-1] if isinstance(model, Pipeline) else model


def transformer(model: Any) -> Callable[[pd.DataFrame], Array]:
    """Return how original rows become what the last step sees."""
    if not isinstance(model, Pipeline) or len(model) == 1:
        return lambda frame: frame.to_numpy(dtype=float, na_value=np.nan)

    def transform(frame: pd.DataFrame) -> Array:
        seen = model[:-1].transform(frame)
        dense = seen.toarray() if hasattr(seen, "toarray") else seen
        return np.asarray(dense, dtype=float)

    return transform
