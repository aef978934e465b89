"""Trials of the rows themselves: seen in training, repeated, out of range, telling the outcome."""

from typing import Any

import numpy as np
import pandas as pd
from pandas.util import hash_pandas_object

from lifecycle.domain.model import Task
from lifecycle.services.validation.answering import texts
from lifecycle.services.validation.bench import Bench, is_number
from lifecycle.services.validation.comparing import NO_TRAINING
from lifecycle.services.validation.tried import Trial, Tried, inapplicable
from lifecycle.stats.inference import FloatArray
from lifecycle.stats.validation import levels, weak_spots

TOLD = 5
"""How many columns are told that tell the outcomes apart best."""

MOST_CATEGORIES = 50
"""With more, a category's own rows decide its share of positives."""


def training_overlap(bench: Bench) -> Trial:
    """Find rows that occur among the training rows."""
    if bench.training is None:
        yield inapplicable(NO_TRAINING)
        return
    seen = _hashes(bench.training.frame, bench.features)
    now = _hashes(bench.rows.frame, bench.features)
    yield Tried(weak_spots.share(np.isin(now, seen), confidence=bench.confidence))


def duplicate_share(bench: Bench) -> Trial:
    """Find rows that repeat an earlier one."""
    repeated = pd.Series(_hashes(bench.rows.frame, bench.features)).duplicated()
    yield Tried(weak_spots.share(repeated.to_numpy(), confidence=bench.confidence))


def single_feature_auc(bench: Bench) -> Trial:
    """Measure how well each column alone tells the outcomes apart; the best few are told."""
    if bench.task is not Task.BINARY:
        yield inapplicable("only two outcomes are told apart by one column")
        return
    labels = bench.rows.labels
    found = [
        Tried(levels.single_feature_auc(labels, values, confidence=bench.confidence), column=name)
        for name in bench.features
        if (values := _as_numbers(bench.rows.frame[name], labels)) is not None
    ]
    found.sort(key=lambda one: -(one.estimate.value or 0.0))
    yield from found[:TOLD] or [inapplicable("no column has few enough values to look at")]


def outside_training_share(bench: Bench) -> Trial:
    """Find rows with a value the training rows do not cover; overall, then by column."""
    if bench.training is None:
        yield inapplicable(NO_TRAINING)
        return
    outside = {
        name: outside_range(bench.rows.frame[name], bench.training.frame[name])
        for name in bench.features
    }
    anywhere = np.logical_or.reduce([np.zeros(len(bench.rows), bool), *outside.values()])
    yield Tried(weak_spots.share(anywhere, confidence=bench.confidence))
    for name, hits in outside.items():
        if hits.any():
            yield Tried(weak_spots.share(hits, confidence=bench.confidence), column=name)


def outside_range(now: Any, trained: Any) -> np.ndarray:
    """Tell which values lie outside the range, or the categories, of a training column."""
    if is_number(now) and is_number(trained):
        values = now.to_numpy(dtype=float, na_value=np.nan)
        known = trained.to_numpy(dtype=float, na_value=np.nan)
        if not np.isfinite(known).any():
            return np.isfinite(values)
        return (values < np.nanmin(known)) | (values > np.nanmax(known))
    seen = texts(now)
    return ~np.isin(seen, [*np.unique(texts(trained)), ""])


def _as_numbers(column: Any, labels: FloatArray) -> FloatArray | None:
    """Return a column as numbers, a category as its share of positives; ``None`` for too many."""
    if is_number(column):
        return column.to_numpy(dtype=float, na_value=np.nan)
    names = pd.Series(texts(column))
    if names.nunique() > MOST_CATEGORIES:
        return None
    return pd.Series(labels).groupby(names).transform("mean").to_numpy(dtype=float)


def _hashes(frame: Any, names: tuple[str, ...]) -> np.ndarray:
    """Hash rows so that the same values in another type are the same row."""
    alike = {
        name: frame[name].astype(float) if is_number(frame[name]) else texts(frame[name])
        for name in names
    }
    row_hashes: Any = hash_pandas_object
    return row_hashes(pd.DataFrame(alike), index=False).to_numpy()
