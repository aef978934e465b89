"""The metadata at the top of a Hugging Face model card, from the records."""

from collections.abc import Iterable, Mapping

from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.model import Model, Task, Version

PIPELINES = {
    Task.BINARY: "tabular-classification",
    Task.CLASSES: "tabular-classification",
    Task.REGRESSION: "tabular-regression",
}
LIBRARIES = {"skops": "sklearn", "onnx": "onnx", "xgboost": "xgboost", "lightgbm": "lightgbm"}


def header(model: Model, version: Version, found: Iterable[Evidence]) -> Mapping[str, object]:
    """Return what the Hub reads: what it is, and its performance on which data.

    Notes
    -----
    Keys of https://huggingface.co/docs/hub/model-cards (``model-index`` for results).
    """
    made: dict[str, object] = {
        "model_name": model.name,
        "tags": ["lifecycle", *sorted(model.tags)],
        "pipeline_tag": PIPELINES[model.task],
    }
    if version.artifact_format in LIBRARIES:
        made["library_name"] = LIBRARIES[version.artifact_format]
    results = [
        {
            "task": {"type": PIPELINES[model.task]},
            "dataset": {"name": one.snapshot_id, "type": (one.snapshot_id or "").partition("@")[0]},
            "metrics": [
                {"type": m.statistic, "value": m.value, "name": f"{m.statistic} ({one.id})"}
                for m in one.measurements
                if m.value is not None and not m.slice and m.column is None
            ],
        }
        for one in found
        if one.purpose is Purpose.PERFORMANCE
    ]
    if results:
        made["model-index"] = [{"name": version.id, "results": results}]
    return made
