"""One decision: what moved it, which cases are like it, and what would have to be different."""

import hashlib
import platform
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from lifecycle.adapters import model_files, row_files
from lifecycle.adapters.explain_aims import aim_of
from lifecycle.adapters.explain_inputs import columns_of, digest_of, try_out
from lifecycle.adapters.explain_outputs import Array, outputs
from lifecycle.adapters.explain_search import POOL, Limits, nearest, search
from lifecycle.adapters.explainers import Explained, explain
from lifecycle.errors import InsufficientData, InvalidInput, NotFound

SIMILAR = 5
FEWEST_CASES = 20

Report = Callable[[float, str], None]


def run(settings: Mapping[str, Any], *, folder: Path, report: Report) -> dict[str, object]:
    """Explain the model's answer for one row.

    Parameters
    ----------
    settings
        ``model``, ``data`` (paths of Parquet files), ``label``, ``features``, ``positive``,
        ``row`` (``column`` and ``value``, or ``number`` from 1), ``cases`` (path of rows to
        compare with), ``target`` (their outcome, maybe), ``threshold``, ``aim`` (a class or
        a range, maybe), ``limits`` (``change``, ``least`` and ``most`` by column), ``seed``.

    Returns
    -------
    dict
        JSON values: ``values``, ``shares`` and ``base`` (in ``output_space``), ``answer``,
        ``decision``, ``aim``, ``similar``, ``suggestions``, ``none_found``, ``explainer``,
        ``background``, ``additivity``, ``refused``, ``seed`` and ``versions``.

    Raises
    ------
    NotFound
        There is no such row.
    """
    del folder
    report(0.05, "Reading the model and the row")
    model = model_files.load(Path(settings["model"]), trusted=settings.get("trusted", ()))
    held = row_files.names(settings["data"], apart=settings.get("apart", ()))
    features = columns_of(model, settings["features"], held=held, label=settings["label"])
    row = _row(settings, features)
    cases, outcomes = _cases(settings, features)
    # Whoever may read a job may not open its row: no sentence gives a value of it.
    asked: Any = {"positive": settings["positive"], "hidden": features}
    try_out(model, row, label=settings["label"], **asked)
    try_out(model, cases, label="the cases it is compared with", **asked)
    report(0.2, "Explaining the row")
    # With some cases beside it: one answer alone has no spread to hold its values against.
    trial = pd.concat([row, cases.head(FEWEST_CASES)], ignore_index=True)
    explained = explain(
        model, trial, background=cases, positive=settings["positive"], seed=settings["seed"]
    )
    answered = _answer(explained, row)
    report(0.5, "Looking for similar cases and other ways")
    return {
        "row": dict(settings["row"]),
        "values": _record(row, 0),
        **_values(explained, row),
        **answered,
        "similar": _similar(model, row, cases, outcomes, settings=settings),
        **_suggested(model, row, cases, settings=settings),
        "background": _background(explained, cases, settings=settings),
        "cases": len(cases),
        "seed": settings["seed"],
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("shap", "scikit-learn", "numpy", "skops")},
        },
    }


def _row(settings: Mapping[str, Any], features: list[str]) -> pd.DataFrame:
    """Read the one row that is meant."""
    wanted, apart = settings["row"], settings.get("apart", ())
    if "number" in wanted:
        table = row_files.table(settings["data"], features, apart=apart)
        if not 1 <= wanted["number"] <= table.num_rows:
            raise NotFound(
                f"{settings['label']} has rows 1 to {table.num_rows:,}, not {wanted['number']}"
            )
        found = table.slice(wanted["number"] - 1, 1)
    else:
        name = wanted["column"]
        if name not in row_files.names(settings["data"], apart=apart):
            raise InvalidInput(f"{settings['label']} has no column {name!r}")
        named = list(dict.fromkeys([*features, name]))
        table = row_files.table(settings["data"], named, apart=apart)
        texts = table[name].cast(pa.string()).to_pylist()
        found = table.filter(pa.array([text == str(wanted["value"]) for text in texts]))
        if found.num_rows != 1:
            count = "no row" if found.num_rows == 0 else f"{found.num_rows} rows"
            raise NotFound(f"{settings['label']} has {count} with {name} {wanted['value']}")
    return found.select(features).to_pandas()[features]


def _cases(
    settings: Mapping[str, Any], features: list[str]
) -> tuple[pd.DataFrame, pd.Series | None]:
    """Read the cases to compare with in an order of chance, and their outcomes."""
    target, files = settings.get("target"), [settings["cases"]]
    apart = settings.get("cases_apart", ())
    held = row_files.names(files, apart=apart)
    named = [*features, target] if target in held and target not in features else features
    frame = row_files.table(files, named, apart=apart).to_pandas()
    if len(frame) < FEWEST_CASES:
        raise InsufficientData(f"there are {len(frame)} cases to compare with, not {FEWEST_CASES}")
    order = np.random.default_rng(settings["seed"]).permutation(len(frame))[:POOL]
    picked = frame.iloc[order].reset_index(drop=True)
    return picked[features], picked[target] if target in named else None


def _answer(explained: Explained, row: pd.DataFrame) -> dict[str, object]:
    found = explained.attribution
    return {
        "outputs": list(found.output.names),
        "answer": [float(v) for v in found.answers[0]],
        "columns": list(map(str, row.columns)),
    }


def _values(explained: Explained, row: pd.DataFrame) -> dict[str, object]:
    found = explained.attribution
    k = int(found.answers[0].argmax())
    return {
        "explainer": found.explainer,
        "output_space": found.output.space,
        "explained": found.output.names[k],
        "base": float(found.base[0, k]),
        "output": float(found.answers[0, k]),
        "shares": {str(n): float(found.shares[0, i, k]) for i, n in enumerate(row.columns)},
        "additivity": {"error": found.error, "tolerance": found.tolerance},
        "refused": [{"explainer": name, "reason": why} for name, why in explained.refused],
    }


def _similar(
    model: Any,
    row: pd.DataFrame,
    cases: pd.DataFrame,
    outcomes: pd.Series | None,
    *,
    settings: Mapping[str, Any],
) -> list[dict[str, object]]:
    """Return the cases nearest to the row, with the model's answer and what came of them."""
    near = nearest(row, cases, count=SIMILAR)
    given = outputs(model, positive=settings["positive"])[-1]
    answers = given.of(cases.iloc[near])
    return [
        {
            "values": _record(cases, int(at)),
            "answer": _most(answers[i], given.names),
            "space": given.space,
            "outcome": None if outcomes is None else str(outcomes.iloc[int(at)]),
        }
        for i, at in enumerate(near)
    ]


def _most(answer: Array, names: tuple[str, ...]) -> dict[str, object]:
    k = int(answer.argmax())
    return {"output": names[k], "value": float(answer[k])}


def _suggested(
    model: Any, row: pd.DataFrame, cases: pd.DataFrame, *, settings: Mapping[str, Any]
) -> dict[str, object]:
    """Search for another answer, where it is clear which one is meant."""
    aim = aim_of(model, row, settings=settings)
    if isinstance(aim, str):
        return {"decision": None, "aim": None, "suggestions": [], "none_found": aim}
    limits = {name: Limits(**one) for name, one in (settings.get("limits") or {}).items()}
    found, why = search(row, cases, wanted=aim.wanted, limits=limits)
    return {
        "decision": aim.decision,
        "aim": aim.words,
        "suggestions": [
            {
                "changes": [
                    {"column": name, "from": _record(row, 0)[name], "to": _record(one.row, 0)[name]}
                    for name in one.changed
                ],
                "score": aim.answer(one.row)["value"],
                "answer": aim.answer(one.row),
                "distance": one.distance,
                "lonelier": one.lonelier,
            }
            for one in found
        ],
        "none_found": why,
    }


def _background(
    explained: Explained, behind: pd.DataFrame, *, settings: Mapping[str, Any]
) -> dict[str, object]:
    n = explained.attribution.background
    if n is None:
        digest = hashlib.sha256(Path(settings["model"]).read_bytes()).hexdigest()
        return {"kind": "training rows as counted in the trees", "n": None, "sha256": digest}
    digest = digest_of(behind.head(n))
    return {"kind": "cases compared with", "n": n, "sha256": digest}


def _record(frame: pd.DataFrame, at: int) -> dict[str, object]:
    """Return a row as JSON holds it."""
    return {str(name): _plain(frame[name].iloc[at]) for name in frame.columns}


def _plain(value: Any) -> object:
    if pd.isna(value):
        return None
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return str(value)
