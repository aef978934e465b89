"""The explanation job itself: read model and rows, explain, write numbers that JSON can hold."""

import hashlib
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy import stats

from lifecycle.adapters import explain_effects, model_files, row_files
from lifecycle.adapters.explain_inputs import Given, digest_of, label_of, read, try_out
from lifecycle.adapters.explain_methods import Attribution, methods
from lifecycle.adapters.explainers import Explained, explain
from lifecycle.stats.explanations.attributions import mean_absolute
from lifecycle.stats.explanations.ranking import EQUAL, Ranking, ranking

LOCAL_FILE = "local.parquet"
LOCAL_ROWS = 200
CONFIDENCE = 0.95

LOOKS = (250, 500, 1000, 2000)
"""Rows after which the ranking is looked at; the last is the most that is ever explained for it."""

ALIKE = 0.02
"""While more rows may come, only columns closer than this share of all influence need no order."""

Report = Callable[[float, str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Sampled:
    """What was explained, on which rows, and how sure its ranking is.

    Parameters
    ----------
    behind
        Rows that the background was drawn from.
    """

    explained: Explained
    rows: pd.DataFrame
    ranking: Ranking
    looks: int
    behind: int

    @property
    def found(self) -> Attribution:
        """The values themselves."""
        return self.explained.attribution


def run(settings: Mapping[str, Any], *, folder: Path, report: Report) -> dict[str, object]:
    """Explain a model on a sample of a snapshot's rows.

    Parameters
    ----------
    settings
        ``model`` and ``data`` (paths), ``trusted``, ``features`` (``None``: the model's own),
        ``positive``, ``rows`` (``None``: until the ranking is stable), ``seed``, and maybe
        ``background`` (a path), ``label`` (what the rows are called in sentences), ``sensitive``
        (columns whose values no sentence gives), ``effects`` (whether to compute what
        `explain_effects` does) and ``cohorts`` (columns to cut rows by).
    folder
        Where the sample of per-row values is written, as `LOCAL_FILE`, and the effects.

    Returns
    -------
    dict
        JSON values: ``explainer``, ``output_space``, ``outputs``, ``n``, ``seed``, ``background``
        (``kind``, ``n``, ``sha256``), ``additivity`` (``error``, ``tolerance``), ``base``,
        ``refused``, ``versions``, ``ranking`` and ``columns``, the most important first, each with
        ``column``, ``value`` (mean absolute SHAP value), ``interval``, ``mean``, ``direction``
        (rank correlation of the column with its SHAP values), ``rank`` (best and worst) and
        ``by_output``.
    """
    start = time.process_time()
    report(0.05, "Reading the model and the rows")
    model = model_files.load(Path(settings["model"]), trusted=settings.get("trusted", ()))
    given = read(model, settings)
    sampled = _sampled(model, given, settings=settings, report=report)
    report(0.9, "Writing the results")
    _write_local(folder / LOCAL_FILE, sampled.found, rows=sampled.rows, picked=given.picked)
    result = _result(sampled, given, settings=settings)
    if settings.get("effects"):
        report(0.93, "Following the answers along each column")
        explain_effects.write(
            folder, _seen(sampled, settings), cohorts=_cohorts(given, sampled, settings)
        )
    spent, own = time.process_time() - start, sampled.found.seconds
    report(0.95, f"{spent:.2f} s of processor time, {own:.2f} of them the explainer's own")
    return result


def _seen(sampled: Sampled, settings: Mapping[str, Any]) -> explain_effects.Seen:
    names = [str(name) for name in sampled.rows.columns]
    order = [names[i] for i in sampled.ranking.order.tolist()]
    return explain_effects.Seen(sampled.rows, sampled.found, order, settings["seed"])


def _cohorts(given: Given, sampled: Sampled, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Read the columns that rows are cut by, for the rows that were explained."""
    named = list(settings.get("cohorts", ()))
    apart = settings.get("apart", ())
    table = row_files.table([settings["data"]], named, apart=apart).to_pandas()
    return table.iloc[given.picked[: len(sampled.rows)]].reset_index(drop=True)[named]


def _sampled(model: Any, given: Given, *, settings: Mapping[str, Any], report: Report) -> Sampled:
    """Explain as many rows as were asked for, or ever more until the ranking is stable."""
    wanted = settings["rows"]
    looks = list(dict.fromkeys(min(n, len(given.rows)) for n in ((wanted,) if wanted else LOOKS)))
    behind = given.background.iloc[: methods(model)[0].behind]
    if len(behind):
        label = "the background" if settings.get("background") else label_of(settings)
        _try_out(model, behind, label=label, settings=settings)
    explained: Explained | None = None
    order: Ranking | None = None
    for number, look in enumerate(looks, start=1):
        report(0.2 + 0.6 * number / (len(looks) + 1), f"Explaining {look} rows")
        explained = _explained(model, given, settings=settings, upto=look, before=explained)
        sizes = np.abs(explained.attribution.shares).mean(axis=2)
        full = look == looks[-1] or (explained.most is not None and explained.most <= look)
        order = ranking(
            sizes,
            population=len(given.rows),
            confidence=CONFIDENCE,
            looks=len(looks),
            tolerance=EQUAL if full else ALIKE,
        )
        if order.stable or full:
            break
    assert explained is not None  # noqa: S101 -- there is at least one look
    assert order is not None  # noqa: S101 -- see above
    rows = given.rows.head(len(explained.attribution.shares))
    return Sampled(explained, rows, order, looks=len(looks), behind=given.behind)


def _explained(
    model: Any,
    given: Given,
    *,
    settings: Mapping[str, Any],
    upto: int,
    before: Explained | None,
) -> Explained:
    """Explain the first rows; those explained before are kept, if the rest holds too."""
    have = 0 if before is None else len(before.attribution.shares)
    most = upto if before is None or before.most is None else min(upto, before.most)
    if most > have:
        label = label_of(settings)
        _try_out(model, given.rows.iloc[have:most], label=label, settings=settings)
    if before is not None and most > have:
        more = before.more(given.rows.iloc[have:most])
        if more.holds:
            return replace(before, attribution=_joined(before.attribution, more))
    if before is not None and most <= have:
        return before
    return explain(
        model,
        given.rows.head(upto),
        background=given.background,
        positive=settings["positive"],
        seed=settings["seed"],
    )


def _try_out(model: Any, rows: pd.DataFrame, *, label: str, settings: Mapping[str, Any]) -> None:
    """See that the model takes rows before an explainer fails on them, with less to say."""
    hidden = settings.get("sensitive", ())
    try_out(model, rows, positive=settings["positive"], label=label, hidden=hidden)


def _joined(first: Attribution, second: Attribution) -> Attribution:
    return replace(
        first,
        shares=np.concatenate([first.shares, second.shares]),
        base=np.concatenate([first.base, second.base]),
        answers=np.concatenate([first.answers, second.answers]),
        seconds=first.seconds + second.seconds,
    )


def _result(sampled: Sampled, given: Given, *, settings: Mapping[str, Any]) -> dict[str, object]:
    found, rows = sampled.found, sampled.rows
    columns = [
        _column(found, rows=rows, position=i)
        | {"rank": [int(sampled.ranking.best[i]), int(sampled.ranking.worst[i])]}
        for i in sampled.ranking.order.tolist()
    ]
    return {
        "explainer": found.explainer,
        "output_space": found.output.space,
        "outputs": list(found.output.names),
        "n": len(found.shares),
        "seed": settings["seed"],
        "confidence": CONFIDENCE,
        "background": _background(found, given.background, settings=settings),
        "additivity": {"error": found.error, "tolerance": found.tolerance},
        "base": [float(b) for b in found.base.mean(axis=0)],
        "refused": [{"explainer": name, "reason": why} for name, why in sampled.explained.refused],
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("shap", "scikit-learn", "numpy", "skops")},
        },
        "ranking": _ranking_json(sampled, population=len(given.rows), wanted=settings["rows"]),
        "columns": columns,
    }


def _ranking_json(sampled: Sampled, *, population: int, wanted: int | None) -> dict[str, object]:
    found, names = sampled.ranking, [str(name) for name in sampled.rows.columns]
    total = float(np.abs(sampled.found.shares).mean(axis=(0, 2)).sum())
    return {
        "stable": found.stable,
        "sampled": "until stable" if wanted is None else "as many rows as asked",
        "rows": found.n,
        "of": population,
        "looks": sampled.looks,
        "confidence": found.confidence,
        "tolerance": found.tolerance,
        "background": sampled.found.background,
        "background_of": None if sampled.found.background is None else sampled.behind,
        "pairs": [
            {
                "above": names[pair.above],
                "below": names[pair.below],
                "difference": pair.difference,
                "interval": list(pair.interval),
                "share": max(abs(bound) for bound in pair.interval) / total if total else 0.0,
                "order": pair.order.value,
            }
            for pair in found.pairs
        ],
    }


def _background(
    found: Attribution, frame: pd.DataFrame, *, settings: Mapping[str, Any]
) -> dict[str, object]:
    if found.background is None:
        digest = hashlib.sha256(Path(settings["model"]).read_bytes()).hexdigest()
        return {"kind": "training rows as counted in the trees", "n": None, "sha256": digest}
    used = frame.head(found.background)
    digest = digest_of(used)
    kind = "rows of a file of its own" if settings.get("background") else "rows of the snapshot"
    return {"kind": kind, "n": len(used), "sha256": digest}


def _column(found: Attribution, *, rows: pd.DataFrame, position: int) -> dict[str, Any]:
    """Summarise one column; for several classes its importance is the mean over the classes."""
    values = found.shares[:, position]
    influence = mean_absolute(values, confidence=CONFIDENCE)
    alone = values.shape[1] == 1
    direction = _direction(rows.iloc[: len(values), position], values[:, 0]) if alone else None
    return {
        "column": str(rows.columns[position]),
        "value": influence.value,
        "interval": list(influence.interval or ()),
        "mean": float(values.mean()) if alone else None,
        "direction": direction,
        "by_output": {
            name: float(np.abs(values[:, k]).mean()) for k, name in enumerate(found.output.names)
        },
    }


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
    shown = found.answers[:count].argmax(axis=1)
    at = np.arange(count)
    parts: dict[str, Any] = {
        "row": picked[:count].astype(np.int64),
        "explained": [found.output.names[k] for k in shown],
        "base": np.broadcast_to(found.base, found.answers.shape)[at, shown],
        "output": found.answers[at, shown],
    }
    for position, name in enumerate(rows.columns):
        parts[f"value:{name}"] = rows.iloc[:count, position].to_numpy()
        parts[f"shap:{name}"] = found.shares[at, position, shown]
    pq.write_table(pa.table(pd.DataFrame(parts)), path, compression="zstd")
