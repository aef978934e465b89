"""A model file in a worker process: loaded once, asked for scores, decisions, classes, numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lifecycle.adapters import model_files
from lifecycle.adapters.odd_rows import odd_value, raised
from lifecycle.domain.model import Task
from lifecycle.errors import InvalidInput
from lifecycle.services.validation.subject import Runnable
from lifecycle.stats.inference import FloatArray

THRESHOLD = 0.5
"""The score from which a case counts as positive where a version names none."""


@dataclass(frozen=True, slots=True)
class Answering:
    """A loaded model.

    Parameters
    ----------
    scored
        Whether it gives scores of the positive outcome.
    """

    model: Any
    about: Runnable
    scored: bool

    def answers(self, frame: pd.DataFrame) -> NDArray[Any]:
        """Return scores of a binary model that has them, else what it predicts, as numbers or text.

        Raises
        ------
        InvalidInput
            The model raises on these rows, or answers with something that is no number.
        """
        given = frame[list(self.about.features)]
        try:
            found = self._answers(self.model, given)
        except Exception as error:
            why = self._why(error, given)
            raise InvalidInput(f"the model of {self.about.version_id} raises: {why}") from error
        missing = 0 if found.dtype.kind != "f" else int((~np.isfinite(found)).sum())
        if missing:
            raise InvalidInput(
                f"the model of {self.about.version_id} answers {missing} of {len(found)} rows with "
                "no number"
            )
        return found

    def _why(self, error: Exception, given: Any) -> str:
        """Say what the model raised, and by which value where a single one is to blame."""
        said, hidden = raised(error), self.about.sensitive
        if isinstance(error, MemoryError):
            return said
        odd = odd_value(self._raises, given)
        if hidden and (odd is None or odd.column in hidden):
            said = type(error).__name__  # what it raised may repeat the value
        return f"{said} ({odd.said(hidden=hidden)})" if odd else said

    def _raises(self, given: Any) -> bool:
        try:
            self._answers(self.model, given)
        except Exception:  # noqa: BLE001 -- a model raises what it likes
            return True
        return False

    def of(self, model: Any, frame: pd.DataFrame) -> NDArray[Any]:
        """Return the answers of another fit of the same recipe."""
        return self._answers(model, frame[list(self.about.features)])

    def decisions(self, answers: NDArray[Any]) -> NDArray[Any]:
        """Turn answers into what is done about a row: 0 or 1, or the class itself."""
        if not self.scored:
            return answers
        threshold = THRESHOLD if self.about.threshold is None else self.about.threshold
        return (answers >= threshold).astype(np.float64)

    def _answers(self, model: Any, given: Any) -> NDArray[Any]:
        if self.about.task is Task.REGRESSION:
            return np.asarray(model.predict(given), np.float64)
        if self.about.task is Task.CLASSES:
            return texts(model.predict(given))
        if self.scored:
            at = _position(model, self.about)
            return np.asarray(model.predict_proba(given), np.float64)[:, at]
        return positives(model.predict(given), positive=self.about.positive)


def load(about: Runnable) -> Answering:
    """Read a model file; only ever inside a worker process.

    Raises
    ------
    InvalidInput
        The file cannot be run, or the model takes other columns than its version names.
    """
    model = model_files.load(Path(about.file))
    own = getattr(model, "feature_names_in_", None)
    if own is not None:
        _compare(about, [str(name) for name in own])
    scored = about.task is Task.BINARY and hasattr(model, "predict_proba")
    if scored:
        _position(model, about)
    return Answering(model, about, scored)


def _compare(about: Runnable, own: Sequence[str]) -> None:
    lacking = [name for name in own if name not in about.features]
    extra = [name for name in about.features if name not in own]
    if lacking or extra:
        wrong = [f"it also takes {name!r}" for name in lacking]
        wrong += [f"it does not know {name!r}" for name in extra]
        raise InvalidInput(
            f"the model file of {about.version_id} takes other columns than its version names: "
            f"{', '.join(wrong[:5])}"
        )


def _position(model: Any, about: Runnable) -> int:
    names = texts(model.classes_).tolist()
    if about.positive is None:
        return len(names) - 1
    wanted = texts([about.positive])[0]
    if wanted not in names:
        listed = ", ".join(names)
        raise InvalidInput(
            f"the classes of {about.version_id} are {listed}, not {about.positive!r}"
        )
    return names.index(wanted)


def texts(values: Any) -> NDArray[Any]:
    """Write labels in one way, so that 1, 1.0 and '1' are the same label; missing stays empty."""
    return np.array([_text(value) for value in pd.Series(values).to_numpy()], dtype=object)


def positives(values: Any, *, positive: str | None) -> FloatArray:
    """Code labels as 1 for the positive one, 0 for any other, NaN for none.

    Without a positive label the last in order counts as positive.
    """
    found = texts(values)
    known = sorted({label for label in found.tolist() if label})
    wanted = texts([positive])[0] if positive is not None else (known or [""])[-1]
    return np.where(found == "", np.nan, (found == wanted).astype(np.float64))


def _text(value: Any) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)) or value is pd.NA:
        return ""
    if isinstance(value, bool | np.bool_):
        return str(int(value))
    text = str(value)
    lowered = {"true": "1", "false": "0"}.get(text.casefold(), text)
    try:
        number = float(lowered)
    except ValueError:
        return lowered
    return str(int(number)) if number.is_integer() else lowered
