"""What an explanation job costs beside the explainer it uses, in seconds of processor time.

Run as ``python -m benchmarks.explanations``. A gradient boosting of 100 trees on 40 columns is
explained on 10,000 rows, by shap alone and by the job with everything it adds: reading and
checking the model, additivity, ranking, curves, interactions, groups, and files written. Then the
job runs as it does unasked, until its ranking is stable. Minimum of some runs; imports are not
counted.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import numpy as np
import pandas as pd
from shap import TreeExplainer
from sklearn.ensemble import HistGradientBoostingClassifier
from skops import io

from lifecycle.adapters.explaining import run

COLUMNS, ROWS, TRAINED = 40, 10_000, 50_000
LIMIT = 1.15
"""The most the job may cost, as a multiple of the explainer's own time."""


def main() -> int:
    """Measure, print, and say whether the job keeps its limit."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=3)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        model, rows = prepared(folder)
        notes: list[str] = []

        def job(count: int | None) -> object:
            settings = {
                "model": str(folder / "model.skops"),
                "data": str(folder / "rows.parquet"),
                "features": None,
                "positive": None,
                "rows": count,
                "seed": 0,
                "effects": True,
            }
            return run(settings, folder=folder, report=lambda _, note: notes.append(note))

        def alone(count: int) -> object:
            # Shap's own check of additivity is off here too: it would cost extra and is not used.
            explainer = TreeExplainer(model, feature_perturbation="tree_path_dependent")
            return explainer.shap_values(rows.head(count).to_numpy(), check_additivity=False)

        alone(100)
        job(100)
        own = least(lambda: alone(ROWS), runs=given.runs)
        whole = least(lambda: job(ROWS), runs=given.runs)
        unasked = least(lambda: job(None), runs=given.runs)
    print(f"shap's TreeExplainer, {ROWS:,} rows x {COLUMNS} columns   {own:.2f} s")
    print(f"the job on as many rows, all it adds included   {whole:.2f} s, {whole / own:.3f} times")
    print(f"the job until its ranking is stable             {unasked:.2f} s ({notes[-1]})")
    return int(whole / own > LIMIT)


def prepared(folder: Path) -> tuple[HistGradientBoostingClassifier, pd.DataFrame]:
    """Train the model, and write it and the rows."""
    rng = np.random.default_rng(0)
    names = [f"c{i}" for i in range(COLUMNS)]
    every = pd.DataFrame(rng.normal(size=(TRAINED, COLUMNS)), columns=names)
    weights = rng.normal(size=COLUMNS) * np.linspace(1, 0.05, COLUMNS)
    label = every.to_numpy() @ weights + every["c0"] * every["c1"] + rng.logistic(size=TRAINED) > 0
    settings: Any = {"max_iter": 100, "early_stopping": False, "random_state": 0}
    model = HistGradientBoostingClassifier(**settings)
    model.fit(every, label)
    io.dump(model, folder / "model.skops")
    rows = every.head(ROWS)
    rows.to_parquet(folder / "rows.parquet")
    return model, rows


def least(measured: Callable[[], object], *, runs: int) -> float:
    """Return the least processor time of some runs."""
    times: list[float] = []
    for _ in range(runs):
        start = time.process_time()
        measured()
        times.append(time.process_time() - start)
    return min(times)


if __name__ == "__main__":
    raise SystemExit(main())
