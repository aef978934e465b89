"""Can a classifier tell the sides apart: gradient-boosted trees, scored on rows they never saw."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from lifecycle.stats.inference import FloatArray

FOLDS = 5
TREES = 40
LEAVES = 15
RATE = 0.2
"""A small ensemble: on 100,000 rows it separates as well as a hundred trees of 31 leaves."""


def held_out_scores(
    reference: FloatArray,
    current: FloatArray,
    *,
    categorical: Sequence[int],
    rng: np.random.Generator,
    folds: int = FOLDS,
) -> tuple[list[FloatArray], list[FloatArray]]:
    """Train on all folds but one and score that one, for each fold.

    Parameters
    ----------
    reference, current
        Shapes (n, d) and (m, d); NaN for a missing value.
    categorical
        Positions of the columns that hold codes of categories.

    Returns
    -------
    tuple
        Per fold, the scores of the reference's rows and of the current ones; higher means more
        like the current side.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    rows = np.concatenate([reference, current])
    side = np.repeat([0, 1], [len(reference), len(current)])
    fold = np.concatenate(
        [rng.permutation(np.arange(len(s)) % folds) for s in (reference, current)]
    )
    settings: dict[str, Any] = {
        "max_iter": TREES,
        "max_leaf_nodes": LEAVES,
        "learning_rate": RATE,
        "early_stopping": False,
        "categorical_features": list(categorical) or None,
        "random_state": int(rng.integers(2**31)),
    }
    before: list[FloatArray] = []
    now: list[FloatArray] = []
    # More threads only wait for each other on rows so few, and burn the processor meanwhile.
    with threadpool_limits(1):
        for held in range(folds):
            model = HistGradientBoostingClassifier(**settings)
            model.fit(rows[fold != held], side[fold != held])
            scores = model.decision_function(rows[fold == held])
            before.append(scores[side[fold == held] == 0])
            now.append(scores[side[fold == held] == 1])
    return before, now
