"""The explanation job itself: read model and rows, explain, write numbers that JSON can hold."""

import hashlib
import platform
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pandas.util import hash_pandas_object
from scipy import special, stats

from lifecycle.adapters import model_files
from lifecycle.adapters.explainers import Attribution, Explained, explain
from lifecycle.errors import InsufficientData, InvalidInput

LOCAL_FILE = "local.parquet"
LOCAL_ROWS = 200
BACKGROUND_ROWS = 100
FEWEST_ROWS = 20
CONFIDENCE = 0.95

Report = Callable[[float, str], None]


def run(settings: Mapping[str, Any], *, folder: Path, report: Report) -> dict[str, object]:
    """Explain a model on a sample of a snapshot's rows.

    Parameters
    ----------
    settings
        ``model`` and ``data`` (paths), ``trusted``, ``features``, ``positive``, ``rows``, ``seed``.
    folder
        Where the sample of per-row values is written, as `LOCAL_FILE`.

    Returns
    -------
    dict
        JSON values: ``explainer``, ``output_space``, ``outputs``, ``n``, ``seed``, ``background``
        (``kind``, ``n``, ``sha256``), ``additivity`` (``error``, ``tolerance``), ``base``,
        ``refused``, ``versions`` and ``columns``, the most important first, each with ``column``,
        ``value`` (mean absolute SHAP value), ``interval``, ``mean``, ``direction`` (rank
        correlation of the column with its SHAP values) and ``by_output``.
    """
    report(0.05, "Reading the model and the rows")
    model = model_files.load(Path(settings["model"]), trusted=settings.get("trusted", ()))
    frame = _features(Path(settings["data"]), settings["features"])
    rng = np.random.default_rng(settings["seed"])
    order = rng.permutation(len(frame))
    picked = np.sort(order[: settings["rows"]])
    rows = frame.iloc[picked].reset_index(drop=True)
    # The background comes from the other end: few rows are compared with themselves.
    background = frame.iloc[np.sort(order[-BACKGROUND_ROWS:])].reset_index(drop=True)
    report(0.2, f"Explaining {len(rows)} rows of {len(frame)}")
    explained = explain(
        model, rows, background=background, positive=settings["positive"], seed=settings["seed"]
    )
    report(0.9, "Writing the results")
    found = explained.attribution
    _write_local(folder / LOCAL_FILE, found, rows=rows, picked=picked)
    return _result(explained, rows=rows, background=background, settings=settings)


def _features(path: Path, names: Sequence[str]) -> pd.DataFrame:
    held = pq.read_schema(path).names
    missing = [name for name in names if name not in held]
    if missing:
        raise InvalidInput(f"the snapshot has no column {missing[0]!r}, which the model needs")
    frame = pq.read_table(path, columns=list(names)).to_pandas()[list(names)]
    if len(frame) < FEWEST_ROWS:
        raise InsufficientData(
            f"the snapshot has {len(frame)} rows; explaining needs {FEWEST_ROWS}"
        )
    return frame


def _result(
    explained: Explained,
    *,
    rows: pd.DataFrame,
    background: pd.DataFrame,
    settings: Mapping[str, Any],
) -> dict[str, object]:
    found = explained.attribution
    columns = [_column(found, rows=rows, position=i) for i in range(rows.shape[1])]
    columns.sort(key=lambda c: (-c["value"], c["column"]))
    return {
        "explainer": found.explainer,
        "output_space": found.space,
        "outputs": list(found.names),
        "n": len(found.shares),
        "seed": settings["seed"],
        "confidence": CONFIDENCE,
        "background": _background(found, background, model=Path(settings["model"])),
        "additivity": {"error": found.error, "tolerance": found.tolerance},
        "base": [float(b) for b in found.base.mean(axis=0)],
        "refused": [{"explainer": name, "reason": why} for name, why in explained.refused],
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("shap", "scikit-learn", "numpy", "skops")},
        },
        "columns": columns,
    }


def _background(found: Attribution, frame: pd.DataFrame, *, model: Path) -> dict[str, object]:
    if found.background is None:
        digest = hashlib.sha256(model.read_bytes()).hexdigest()
        return {"kind": "training rows as counted in the trees", "n": None, "sha256": digest}
    used = frame.head(found.background)
    row_hashes: Any = hash_pandas_object
    hashes = row_hashes(used, index=False).to_numpy()
    digest = hashlib.sha256(hashes.tobytes()).hexdigest()
    return {"kind": "rows of the snapshot", "n": len(used), "sha256": digest}


def _column(found: Attribution, *, rows: pd.DataFrame, position: int) -> dict[str, Any]:
    """Summarise one column; for several classes its importance is the mean over the classes."""
    values = found.shares[:, position]
    mean, interval = _mean_with_interval(np.abs(values).mean(axis=1))
    alone = values.shape[1] == 1
    direction = _direction(rows.iloc[: len(values), position], values[:, 0]) if alone else None
    return {
        "column": str(rows.columns[position]),
        "value": mean,
        "interval": interval,
        "mean": float(values.mean()) if alone else None,
        "direction": direction,
        "by_output": {
            name: float(np.abs(values[:, k]).mean()) for k, name in enumerate(found.names)
        },
    }


def _mean_with_interval(values: NDArray[np.float64]) -> tuple[float, list[float]]:
    """Return the mean with its interval by Student's t; a size cannot be below 0."""
    mean, n = float(values.mean()), len(values)
    half = special.stdtrit(n - 1, (1 + CONFIDENCE) / 2) * values.std(ddof=1) / np.sqrt(n)
    return mean, [max(0.0, mean - float(half)), mean + float(half)]


def _direction(column: pd.Series, values: NDArray[np.float64]) -> float | None:
    """Return Spearman's correlation of a numeric column with its SHAP values."""
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return None
    numbers = column.to_numpy(dtype=float, na_value=np.nan)
    kept = np.isfinite(numbers)
    if len(np.unique(numbers[kept])) < 2 or len(np.unique(values[kept])) < 2:  # noqa: PLR2004 -- constant
        return None
    ranks: Any = stats.spearmanr(numbers[kept], values[kept])
    return float(ranks.statistic)


def _write_local(
    path: Path, found: Attribution, *, rows: pd.DataFrame, picked: NDArray[np.intp]
) -> None:
    """Write some rows' values one by one: position in the snapshot, output, base, columns."""
    count = min(LOCAL_ROWS, len(found.shares))
    shown = found.output[:count].argmax(axis=1)
    at = np.arange(count)
    parts: dict[str, Any] = {
        "row": picked[:count].astype(np.int64),
        "explained": [found.names[k] for k in shown],
        "base": np.broadcast_to(found.base, found.output.shape)[at, shown],
        "output": found.output[at, shown],
    }
    for position, name in enumerate(rows.columns):
        parts[f"value:{name}"] = rows.iloc[:count, position].to_numpy()
        parts[f"shap:{name}"] = found.shares[at, position, shown]
    pq.write_table(pa.table(pd.DataFrame(parts)), path, compression="zstd")
