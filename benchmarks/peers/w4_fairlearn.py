"""What fairlearn takes for eight rates of the two groups of one attribute, without intervals."""

import json
import resource
import sys
from pathlib import Path

import pandas as pd
from fairlearn.metrics import MetricFrame, count, false_positive_rate, selection_rate
from sklearn.metrics import accuracy_score, precision_score, recall_score, roc_auc_score


def ranked(y: pd.Series, _: pd.Series, score: pd.Series) -> float:
    """Return the area under the curve, which reads scores in place of decisions."""
    return float(roc_auc_score(y, score))


begun = resource.getrusage(resource.RUSAGE_SELF)
rows = pd.read_parquet(Path(sys.argv[1]) / "fair.parquet")
frame = MetricFrame(
    metrics={
        "accuracy": accuracy_score,
        "precision": precision_score,
        "recall": recall_score,
        "false_positive_rate": false_positive_rate,
        "base_rate": lambda y, _: float(y.mean()),
        "selection_rate": selection_rate,
        "count": count,
        "roc_auc": ranked,
    },
    y_true=rows["y"],
    y_pred=rows["yhat"],
    sensitive_features=rows["a2"],
    sample_params={"roc_auc": {"score": rows["score"]}},
)
frame.by_group.describe()  # groups are measured when they are asked for
ended = resource.getrusage(resource.RUSAGE_SELF)
cpu = ended.ru_utime + ended.ru_stime - begun.ru_utime - begun.ru_stime
print("RESULT", json.dumps({"cpu": cpu, "peak_mb": ended.ru_maxrss / 1024}))
