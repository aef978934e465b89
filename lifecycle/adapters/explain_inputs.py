"""Which rows are explained, which they are compared with, and do they fit the model at all."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.util import hash_pandas_object

from lifecycle.adapters import row_files
from lifecycle.adapters.explain_outputs import Output, outputs
from lifecycle.adapters.odd_rows import odd_value, raised
from lifecycle.errors import InsufficientData, InvalidInput

BACKGROUND_ROWS = 10_000
"""Most rows to compare with; so many cost a linear model next to nothing and leave hardly any
chance in what its rows are compared with."""

FEWEST_ROWS = 20
MOST_NAMED = 8
"""Columns that a sentence names before it breaks off."""


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """Rows in the order they may be explained, and rows to compare them with.

    Parameters
    ----------
    behind
        Rows that the background was drawn from.
    picked
        Shape (rows,), where each row stands in the file.
    """

    rows: pd.DataFrame
    background: pd.DataFrame
    behind: int
    picked: NDArray[np.intp]


def read(model: Any, settings: Mapping[str, Any]) -> Given:
    """Read the rows in a random order and the background, in the columns that the model takes.

    Raises
    ------
    InvalidInput
        A column is missing or not the model's.
    InsufficientData
        Too few rows.
    """
    label = label_of(settings)
    data, apart = [settings["data"]], settings.get("apart", ())
    held = row_files.names(data, apart=apart)
    features = columns_of(model, settings["features"], held=held, label=label)
    frame = row_files.table(data, features, apart=apart).to_pandas()
    if len(frame) < FEWEST_ROWS:
        raise InsufficientData(f"{label} has {len(frame)} rows; explaining needs {FEWEST_ROWS}")
    order = np.random.default_rng(settings["seed"]).permutation(len(frame))
    rows = frame.iloc[order].reset_index(drop=True)
    # The background comes from the other end: where few are wanted, few rows meet themselves.
    pool, drawn = frame, order[::-1]
    if settings.get("background"):
        pool = background_of(Path(settings["background"]), features)
        drawn = np.random.default_rng(settings["seed"]).permutation(len(pool))
    behind = pool.iloc[drawn[:BACKGROUND_ROWS]].reset_index(drop=True)
    return Given(rows=rows, background=behind, behind=len(pool), picked=order)


def label_of(settings: Mapping[str, Any]) -> str:
    """Return what the rows are called in sentences."""
    return settings.get("label") or "the snapshot"


def columns_of(
    model: Any, named: Sequence[str] | None, *, held: Sequence[str], label: str
) -> list[str]:
    """Return the columns that the model takes, in its order.

    Parameters
    ----------
    named
        The columns somebody said it takes; its own names when ``None``.
    held
        The columns that the rows have.

    Raises
    ------
    InvalidInput
        The model was fitted on other columns, names none, or needs one that is not there.
    """
    own = [str(name) for name in getattr(model, "feature_names_in_", ())]
    count = getattr(model, "n_features_in_", None)
    if not own and not named:
        raise InvalidInput("the model does not name its columns; name them as its features")
    if own and named and set(named) != set(own):
        raise InvalidInput(
            f"the model was fitted on the columns {_listed(own)}, not on {_listed(list(named))}"
        )
    names = own or list(named or ())
    if count is not None and count != len(names):
        raise InvalidInput(f"the model takes {count} columns, and {len(names)} are named")
    missing = [name for name in names if name not in held]
    if missing:
        raise InvalidInput(f"{label} has no column {missing[0]!r}, which the model needs")
    return names


def background_of(path: Path, features: Sequence[str]) -> pd.DataFrame:
    """Read rows to compare with from a file of its own.

    Raises
    ------
    InvalidInput
        It lacks a column that the model needs.
    """
    missing = [name for name in features if name not in row_files.names([path])]
    if missing:
        raise InvalidInput(f"the background has no column {missing[0]!r}, which the model needs")
    return row_files.table([path], features).to_pandas()


def digest_of(rows: pd.DataFrame) -> str:
    """Return the SHA-256 of rows' values, whatever file they came from."""
    hashes: Any = hash_pandas_object
    return hashlib.sha256(hashes(rows, index=False).to_numpy().tobytes()).hexdigest()


def try_out(
    model: Any,
    rows: pd.DataFrame,
    *,
    positive: str | None,
    label: str,
    hidden: Collection[str] = (),
) -> None:
    """Ask the model for answers, so that what it raises is said once and plainly.

    Parameters
    ----------
    hidden
        Columns whose values must not be said.

    Raises
    ------
    InvalidInput
        It raises, or its answers are not numbers.
    """
    given = outputs(model, positive=positive)
    if not given:
        raise InvalidInput("the model gives neither numbers nor probabilities to explain")
    why = _fault(given[-1], rows)
    if why is None:
        return
    odd = odd_value(lambda some: _fault(given[-1], some) is not None, rows)
    place = f"rows of {label}" + (f", {odd.said(hidden=hidden)}" if odd else "")
    if not why:
        raise InvalidInput(f"the model answers {place}, with what is not a number")
    # What a model raises may repeat the value.
    quiet = hidden and (odd is None or odd.column in hidden)
    raise InvalidInput(f"the model fails on {place}: {why.partition(':')[0] if quiet else why}")


def _fault(output: Output, rows: pd.DataFrame) -> str | None:
    """Return what a model raises on rows, nothing said where it answers no number, else none."""
    try:
        found = output.of(rows)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 -- a model raises what it likes
        return raised(error)
    return None if np.isfinite(found).all() else ""


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
