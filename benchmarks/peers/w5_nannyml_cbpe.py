"""What NannyML takes to estimate seven measures by day without outcomes."""

import json
import resource
import sys
from pathlib import Path

import nannyml  # pyright: ignore[reportMissingImports] -- lives in the peer's own environment
import pandas as pd

MEASURES = ["roc_auc", "f1", "precision", "recall", "specificity", "accuracy", "average_precision"]

folder = Path(sys.argv[1])
begun = resource.getrusage(resource.RUSAGE_SELF)
estimator = nannyml.CBPE(
    metrics=MEASURES,
    y_true="y",
    y_pred="y_pred",
    y_pred_proba="y_pred_proba",
    problem_type="classification_binary",
    timestamp_column_name="ts",
    chunk_period="D",
)
estimator.fit(pd.read_parquet(folder / "cbpe_ref.parquet"))
estimator.estimate(pd.read_parquet(folder / "cbpe_cur.parquet")).to_df()
ended = resource.getrusage(resource.RUSAGE_SELF)
cpu = ended.ru_utime + ended.ru_stime - begun.ru_utime - begun.ru_stime
print("RESULT", json.dumps({"cpu": cpu, "peak_mb": ended.ru_maxrss / 1024}))
