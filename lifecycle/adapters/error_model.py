"""How large an error is to be expected of a row: gradient-boosted trees, judged on rows unseen."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lifecycle.stats.inference import FloatArray

FOLDS = 5
TREES = 60
LEAVES = 15
RATE = 0.1
SEED = 7

Predict = Callable[[FloatArray], FloatArray]


def fitted(
    rows: FloatArray, sizes: FloatArray, *, categorical: Sequence[int]
) -> tuple[FloatArray, Predict]:
    """Learn the size of an error from a row's columns.

    Parameters
    ----------
    rows
        Shape (n, d); NaN for a missing value.
    sizes
        Shape (n,), what to expect of each row, such as its absolute error; at least 0.
    categorical
        Positions of the columns that hold codes of categories.

    Returns
    -------
    tuple
        Shape (n,), what each row was expected to have by a model that never saw its part of the
        file (five parts in row order); and a function that lets each of the five models expect
        something of new rows, shape (5, rows).
    """
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    settings: dict[str, Any] = {
        "max_iter": TREES,
        "max_leaf_nodes": LEAVES,
        "learning_rate": RATE,
        "early_stopping": False,
        "categorical_features": list(categorical) or None,
        "random_state": SEED,
    }
    part = np.arange(len(rows)) * FOLDS // len(rows)
    unseen = np.empty(len(rows))
    models: list[Any] = []
    # More threads only wait for each other on rows so few, and burn the processor meanwhile.
    with threadpool_limits(1):
        for held in range(FOLDS):
            inside = part == held
            model = HistGradientBoostingRegressor(**settings).fit(rows[~inside], sizes[~inside])
            unseen[inside] = np.maximum(model.predict(rows[inside]), 0.0)
            models.append(model)

    def predict(given: FloatArray) -> FloatArray:
        with threadpool_limits(1):
            return np.maximum(np.stack([model.predict(given) for model in models]), 0.0)

    return unseen, predict
