"""Tries every way to narrow a gap on a snapshot's rows; runs in a worker process."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from skops import io

from lifecycle.adapters import mitigation, mitigation_rows
from lifecycle.adapters.mitigation import Candidate
from lifecycle.domain.measurement import Measurement, State
from lifecycle.domain.written import written
from lifecycle.services import snapshots
from lifecycle.services.mitigation.reading import DISPARITY, POINT
from lifecycle.stats import counting
from lifecycle.stats.fairness.sweep import LEGALLY_SENSITIVE
from lifecycle.stats.performance.decisions import accuracy

MOST_ROWS = 20_000
"""Rows taken at most, drawn by the seed; the reduction trains twenty models."""


def run(settings: Mapping[str, Any], *, folder: Path, report: Any) -> dict[str, object]:
    """Try every way, and measure each on the rows kept apart.

    Returns
    -------
    dict
        JSON values: ``points``, each with ``file``, the name of its model file in the folder;
        ``measurements``; ``rows``, how many were used; and ``notices`` of what was not.
    """
    apart = [Path(part) for part in settings["apart"]]
    rows = pd.read_parquet(snapshots.joined(Path(settings["file"]), folder, apart=apart))
    if len(rows) > MOST_ROWS:
        rows = rows.sample(MOST_ROWS, random_state=settings["seed"])
    data = mitigation_rows.columns(rows, settings["columns"])
    _, test = mitigation.apart(len(data.labels), seed=settings["seed"])
    labels, groups = data.labels[test], data.groups[test]
    ways: list[dict[str, object]] = []
    told: list[Measurement] = []
    for found in mitigation.candidates(
        data, constraint=settings["constraint"], seed=settings["seed"], report=report
    ):
        told += _measured(found.name, labels, found.decisions, groups, settings=settings)
        ways.append(_point(found, file=folder / f"way-{len(ways) + 1}.skops"))
    kept = [written(m) for m in told]
    return {
        "points": ways,
        "measurements": kept,
        "rows": len(data.labels),
        "notices": list(data.notices),
    }


def _point(found: Candidate, *, file: Path) -> dict[str, object]:
    """Describe a way, and write its model where it has one of its own."""
    if found.model is not None:
        io.dump(found.model, file)
    return {
        "name": found.name,
        "method": found.method,
        "strength": found.strength,
        "legally_sensitive": LEGALLY_SENSITIVE if found.by_group else None,
        "features": list(found.features),
        "categorical": list(found.categorical),
        "file": None if found.model is None else file.name,
        "thresholds": found.rule,
        "no_file": found.fileless or None,
    }


def _measured(
    point: str, labels: Any, decisions: Any, groups: Any, *, settings: Mapping[str, Any]
) -> list[Measurement]:
    """Measure a point's accuracy and gap, each with its interval."""
    gap = DISPARITY[settings["constraint"]]
    parts = [
        counting.binary_tally(labels[groups == name], decisions[groups == name])
        for name in sorted(set(groups))
    ]
    every = accuracy(counting.binary_tally(labels, decisions))
    attribute = settings["columns"]["attribute"]
    return [
        Measurement(
            statistic,
            estimate.value,
            State.INSUFFICIENT if estimate.value is None else State.OK,
            column=column,
            slice={POINT: point},
            interval=estimate.interval,
            confidence=estimate.confidence,
            n=estimate.n,
            reason=estimate.reason,
        )
        for statistic, column, estimate in (
            ("accuracy", None, every),
            (gap.name, attribute, gap(parts)),
        )
    ]
