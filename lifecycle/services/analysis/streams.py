"""When did a model's errors change their level: detectors over rows in order of time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lifecycle.adapters.streams import DETECTORS
from lifecycle.domain.change_point import ChangePoint
from lifecycle.engines import Engine
from lifecycle.engines.contract import NO_WINDOW, Coding, Kind, Source
from lifecycle.engines.windows import Windowing, parse_width, window_at
from lifecycle.errors import InsufficientData, InvalidInput
from lifecycle.stats.summaries import CountArray, FloatArray

BoolArray = NDArray[np.bool_]

FEWEST = 1000
"""Rows with a known outcome below which a stream has no level to leave; a house default."""

SMALLEST = 0.1
"""Standard deviations of all errors by which a level must differ from the one before it to be told;
detectors call out smaller ones in long streams, and nobody can act on them. A house default."""

MOST_CLASSES = 100
WEEK_LONG = 7 * 86_400 * 1_000_000
"""Microseconds of a week."""
MONDAY = 4 * 86_400 * 1_000_000
"""1970 began on a Thursday; its first Monday was the 5th of January."""

SECOND = "1s"
"""Rows of the same second stay in the order of the file."""


@dataclass(frozen=True, slots=True)
class Stream:
    """What detectors saw in a stream of errors.

    Parameters
    ----------
    n, left_out
        Rows with a time, an outcome and a prediction; and the others, whose outcome may yet come.
    mean
        Mean error of those rows: the share of wrong answers, or the mean absolute error.
    changes
        In order of time, of every detector.
    """

    n: int
    left_out: int
    mean: float
    changes: tuple[ChangePoint, ...]


def change_points(
    engine: Engine,
    source: Source,
    *,
    timestamp: str,
    target: str,
    prediction: str,
    codings: tuple[Coding, Coding] | None = None,
    maturity: float = 0.0,
    detectors: Sequence[str] = tuple(DETECTORS),
) -> Stream:
    """Find when the errors of a model's answers rose or fell.

    Answers that are numbers on both sides err by their distance; any others are right or wrong.

    Parameters
    ----------
    codings
        Of outcome and decision, where the two are coded in their own way; what such a coding does
        not know is left out.
    maturity
        Share of a week's rows whose outcome must be known before any of them is used.

    Raises
    ------
    InsufficientData
        Too few rows hold a time, an outcome and a prediction.
    InvalidInput
        A column or detector is unknown, or there are too many classes.
    """
    check_detectors(detectors)
    names = (target, prediction)
    parts = list(_parts(engine, source, timestamp=timestamp, names=names, codings=codings))
    starts, errors, known = (np.concatenate(side) for side in zip(*parts, strict=True))
    used = (starts != NO_WINDOW) & np.isfinite(errors) & _mature(starts, known, share=maturity)
    if int(used.sum()) < FEWEST:
        raise InsufficientData(
            f"{int(used.sum())} rows of {source.label} hold {timestamp}, {target} and "
            f"{prediction}; at least {FEWEST} are needed to find changes"
        )
    order = np.argsort(starts[used], kind="stable")
    times, values = starts[used][order], errors[used][order]
    width = parse_width(SECOND)
    changes = [
        ChangePoint(name, window_at(int(times[row]), width=width).start, row, before, after)
        for name in detectors
        for row, before, after in _levels(values, DETECTORS[name](values))
    ]
    changes.sort(key=lambda change: change.row)
    return Stream(len(values), len(starts) - len(values), float(values.mean()), tuple(changes))


def check_detectors(names: Sequence[str]) -> None:
    """Refuse a detector that nobody knows."""
    for name in names:
        if name not in DETECTORS:
            known = ", ".join(DETECTORS)
            raise InvalidInput(f"no detector is called {name!r}; known: {known}")


def stream_json(stream: Stream) -> dict[str, object]:
    """Return a stream in the shape programs rely on."""
    return {
        "n": stream.n,
        "left_out": stream.left_out,
        "mean_error": stream.mean,
        "changes": [
            {
                "detector": change.detector,
                "at": change.at.isoformat().replace("+00:00", "Z"),
                "row": change.row,
                "before": change.before,
                "after": change.after,
            }
            for change in stream.changes
        ],
        "reason": None,
    }


def _parts(
    engine: Engine,
    source: Source,
    *,
    timestamp: str,
    names: tuple[str, str],
    codings: tuple[Coding, Coding] | None,
) -> Iterator[tuple[CountArray, FloatArray, BoolArray]]:
    """Return each batch's times, errors and which outcomes are known.

    An error is NaN where an outcome or a prediction is missing.
    """
    windowing = Windowing(timestamp, parse_width(SECOND))
    numeric = codings is None and all(source.column(name).kind is Kind.NUMERIC for name in names)
    classes: Mapping[str, Sequence[str]] = {}
    if codings is not None:
        classes = {coding.column: coding.values for coding in codings}
    elif not numeric:
        classes = _classes(engine, source, names)
    numbers = names if numeric else ()
    for batch in engine.batches(source, numbers=numbers, categories=classes, windowing=windowing):
        outcome, answer = batch.values
        if codings is not None:
            outcome, answer = map(_coded, (outcome, answer), codings)
        error = np.abs(answer - outcome)
        if batch.starts is not None:
            yield batch.starts, error if numeric else np.minimum(error, 1.0), np.isfinite(outcome)


def _coded(positions: FloatArray, coding: Coding) -> FloatArray:
    """Turn positions among a coding's values into 0 for positive, 1 for negative, NaN for neither.

    Without known negatives, the one position of all other values is theirs.
    """
    last = 1 if coding.negatives is None else len(coding.negatives)
    return np.where(positions > last, np.nan, np.minimum(positions, 1.0))


def _mature(starts: CountArray, known: BoolArray, *, share: float) -> BoolArray:
    """Tell which rows are in a week of which so many outcomes are known."""
    weeks, week = np.unique((starts - MONDAY) // WEEK_LONG, return_inverse=True)
    rows = np.bincount(week, minlength=len(weeks))
    return (np.bincount(week, weights=known, minlength=len(weeks)) >= share * rows)[week]


def _classes(engine: Engine, source: Source, names: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """Return the classes of outcome and prediction, the same codes for both."""
    found = {
        value: None
        for name in names
        for value, _ in engine.values(source, name, limit=MOST_CLASSES + 1)
    }
    if len(found) > MOST_CLASSES:
        raise InvalidInput(
            f"columns {' and '.join(names)} of {source.label} hold more than {MOST_CLASSES} "
            "different values; expected classes or numbers"
        )
    return dict.fromkeys(names, sorted(found))


def _levels(values: FloatArray, rows: Sequence[int]) -> list[tuple[int, float, float]]:
    """Return each change of some size with the mean of the values before it and after it.

    The smallest goes first, and the levels on its two sides become one.
    """
    kept, least = list(rows), SMALLEST * float(values.std())
    reached = np.concatenate([[0.0], np.cumsum(values)])
    while kept:
        bounds = np.array([0, *kept, len(values)])
        held = np.maximum(np.diff(bounds), 1)
        means = (np.diff(reached[bounds]) / held).tolist()
        sizes = [abs(after - before) for before, after in pairwise(means)]
        smallest = min(range(len(kept)), key=sizes.__getitem__)
        if sizes[smallest] >= least:
            return [(row, *levels) for row, levels in zip(kept, pairwise(means), strict=True)]
        del kept[smallest]
    return []
