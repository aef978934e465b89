"""Trials of the rows themselves: seen in training, repeated, out of range, telling the outcome."""

from typing import Any

import numpy as np
import pandas as pd

from lifecycle.domain.model import Task
from lifecycle.engines import repeating
from lifecycle.services.validation.answering import texts
from lifecycle.services.validation.bench import Bench, is_number
from lifecycle.services.validation.comparing import NO_TRAINING
from lifecycle.services.validation.tried import Trial, Tried, inapplicable
from lifecycle.stats.inference import FloatArray, proportion
from lifecycle.stats.validation import levels

NO_FEATURES = "the version names no features"

TOLD = 5
"""How many columns are told that tell the outcomes apart best."""

MOST_CATEGORIES = 50
"""With more, a category's own rows decide its share of positives."""


def training_overlap(bench: Bench) -> Trial:
    """Find rows that occur among the training rows; every row of both files is looked at."""
    if bench.trained_on is None or not bench.features:
        yield inapplicable(NO_TRAINING if bench.features else NO_FEATURES)
        return
    target = bench.columns.target
    found = repeating.seen(bench.snapshot, bench.trained_on, columns=bench.features, target=target)
    yield _share(found.hits, found.rows, bench=bench)


def duplicate_share(bench: Bench) -> Trial:
    """Find rows that repeat an earlier one; every row of the file is looked at."""
    if not bench.features:
        yield inapplicable(NO_FEATURES)
        return
    found = repeating.repeated(bench.snapshot, columns=bench.features, target=bench.columns.target)
    yield _share(found.hits, found.rows, bench=bench)


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
    if bench.trained_on is None or not bench.features:
        yield inapplicable(NO_TRAINING if bench.features else NO_FEATURES)
        return
    target = bench.columns.target
    found = repeating.outside(
        bench.snapshot, bench.trained_on, columns=bench.features, target=target
    )
    yield _share(found.hits, found.rows, bench=bench)
    for name, hits in found.by_column.items():
        if hits:
            yield _share(hits, found.rows, bench=bench, column=name)


def _share(hits: int, rows: int, *, bench: Bench, column: str | None = None) -> Tried:
    empty = "there is no row to look at"
    return Tried(proportion(hits, rows, confidence=bench.confidence, empty=empty), column=column)


def _as_numbers(column: Any, labels: FloatArray) -> FloatArray | None:
    """Return a column as numbers, a category as its share of positives; ``None`` for too many."""
    if is_number(column):
        return column.to_numpy(dtype=float, na_value=np.nan)
    names = pd.Series(texts(column))
    if names.nunique() > MOST_CATEGORIES:
        return None
    return pd.Series(labels).groupby(names).transform("mean").to_numpy(dtype=float)
