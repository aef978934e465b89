"""Explanations of a model file on files of rows, without a workspace; a worker runs the model."""

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lifecycle.adapters import model_files, worker_process, workers
from lifecycle.adapters.model_files import ModelFile
from lifecycle.adapters.worker_process import MEMORY_MB, Worker
from lifecycle.engines import rows as row_files
from lifecycle.engines.contract import Filter, Source
from lifecycle.errors import InsufficientData, InvalidInput
from lifecycle.services.analysis.result import Result, overall, side
from lifecycle.services.explanation.numbers import measurements, sentence

SECONDS = 600.0
POLL_SECONDS = 0.05
SHOWN = (
    "explainer",
    "output_space",
    "outputs",
    "base",
    "background",
    "additivity",
    "refused",
    "versions",
    "ranking",
    "columns",
)
"""What the JSON holds beside the measurements, under ``explanation``."""


@dataclass(frozen=True, slots=True)
class ExplainOptions:
    """What to explain, and what the model may use for it.

    Parameters
    ----------
    rows
        How many; ``None`` until the ranking of the columns is stable.
    features
        The model's columns; its own names when empty.
    trusted
        Types in the model file, beyond scikit-learn's and NumPy's, that the caller trusts.
    seconds, memory_mb
        Limits of the process that runs the model.
    """

    rows: int | None = None
    features: Sequence[str] = ()
    positive: str | None = None
    trusted: Sequence[str] = ()
    seed: int = 0
    seconds: float = SECONDS
    memory_mb: int = MEMORY_MB
    where: Sequence[Filter] = ()


def explain_files(
    model: Path, data: str, *, background: str | None = None, options: ExplainOptions
) -> Result:
    """Explain a model file on rows, and say how sure the ranking of its columns is.

    Raises
    ------
    InvalidInput
        The model file may not be read, does not fit the rows, raises, or passes its limits.
    InsufficientData
        Too few rows.
    """
    held = accepted(model, options=options)
    with tempfile.TemporaryDirectory(prefix="lifecycle-explain-") as place:
        folder = Path(place)
        inputs = copied(data, background, folder=folder, options=options)
        settings = {
            **common(model, inputs, options=options),
            "kind": "explain",
            "data": str(folder / "data.parquet"),
            "background": str(folder / "background.parquet") if background else None,
            "rows": options.rows,
        }
        found = in_worker(settings, folder=folder, options=options)
    return _result(found, inputs=inputs, model=held, options=options)


def accepted(model: Path, *, options: ExplainOptions) -> ModelFile:
    """Return what is known of a model file that may be run.

    Raises
    ------
    InvalidInput
        It may not be read, or nothing here can run it.
    """
    held = model_files.inspect(model, trusted=options.trusted)
    if held.format != "skops":
        raise InvalidInput(f"{model} is a {held.format} file; only skops files can be run so far")
    return held


def copied(
    data: str, background: str | None, *, folder: Path, options: ExplainOptions
) -> dict[str, Source]:
    """Write the rows that are meant as Parquet files for the worker, and say what they are."""
    given = {"data": (data, options.where)} | (
        {"background": (background, ())} if background else {}
    )
    return {
        name: row_files.matching(path, where=where, into=folder / f"{name}.parquet")
        for name, (path, where) in given.items()
    }


def common(
    model: Path, inputs: Mapping[str, Source], *, options: ExplainOptions
) -> dict[str, object]:
    """Return the settings that every worker on files needs."""
    return {
        "model": str(model.absolute()),
        "label": inputs["data"].label,
        "features": list(options.features) or None,
        "positive": options.positive,
        "trusted": list(options.trusted),
        "seed": options.seed,
    }


def in_worker(
    settings: Mapping[str, object], *, folder: Path, options: ExplainOptions
) -> dict[str, Any]:
    """Give a folder to a worker of its own and wait for what comes of it, within the limits.

    Raises
    ------
    InvalidInput
        The worker refuses, fails, dies, or takes too long.
    InsufficientData
        The worker has too little data.
    """
    workers.write_json(folder / "settings.json", settings)
    deadline = time.monotonic() + options.seconds
    with Worker(memory_mb=options.memory_mb, log=folder / "worker.log") as worker:
        worker.give(folder)
        worker.finish()
        while (answer := worker_process.result(folder)) is None:
            if worker.code is not None:
                answer = worker_process.result(folder)
                break
            if time.monotonic() > deadline:
                raise InvalidInput(
                    f"explaining took longer than the {options.seconds:g} seconds it may take"
                )
            time.sleep(POLL_SECONDS)
        if answer is None:
            raise InvalidInput(
                f"the model's process ended early: {worker.cause} "
                f"(it may use {options.memory_mb} MB of memory)"
            )
    if answer["ok"]:
        return answer["result"]
    kind = InsufficientData if answer.get("insufficient") else InvalidInput
    raise kind(str(answer["error"]))


def _result(
    found: Mapping[str, Any],
    *,
    inputs: Mapping[str, Source],
    model: ModelFile,
    options: ExplainOptions,
) -> Result:
    measured = measurements(found)
    return Result(
        command="explain",
        inputs={name: side(source) for name, source in inputs.items()},
        settings={
            "model": {"format": model.format, "sha256": model.sha256, "bytes": model.size},
            "rows": options.rows,
            "seed": options.seed,
            "positive": options.positive,
            "features": [str(column["column"]) for column in found["columns"]],
            "confidence": found["confidence"],
        },
        measurements=measured,
        verdict=overall(measured),
        notices=(sentence(found["ranking"]), *refusals(found)),
        details={"explanation": {name: found[name] for name in SHOWN}},
    )


def refusals(found: Mapping[str, Any]) -> tuple[str, ...]:
    """Say which explainers were not used and why."""
    return tuple(
        f"the {one['explainer']} explainer was not used: {one['reason']}"
        for one in found["refused"]
    )
