"""What an assessment needs to know of version, snapshot and plan: files and settings, no store."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from lifecycle.domain.evidence import Purpose
from lifecycle.domain.measurement import Measurement
from lifecycle.domain.model import Columns, Task
from lifecycle.domain.written import read, written
from lifecycle.services import plans
from lifecycle.services.plans import Plan
from lifecycle.services.validation import Runnable


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be measured, in values that a worker process can be given as JSON.

    Parameters
    ----------
    file, apart
        The snapshot's rows, as Parquet, and what is kept apart of them and needed.
    columns
        The version's columns with the answers that the snapshot holds.
    sensitive, features
        Columns as the version names them, whatever the snapshot holds.
    model, champion
        Model files that can be run, for validation.
    training
        The rows it was trained on, as Parquet, for validation.
    shown_from
        Groups with fewer rows are not shown, whatever the plan says.
    """

    version_id: str
    snapshot_id: str
    task: Task
    file: str
    columns: Columns
    sensitive: tuple[str, ...]
    features: tuple[str, ...]
    model: Runnable | None = None
    champion: Runnable | None = None
    training: str | None = None
    apart: tuple[str, ...] = ()
    shown_from: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """What was measured for one purpose, before it becomes evidence."""

    purpose: Purpose
    measurements: tuple[Measurement, ...]
    rows: int
    settings: Mapping[str, object] = field(default_factory=dict[str, object])
    findings: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def as_settings(work: Work, plan: Plan) -> dict[str, object]:
    """Write down what a worker needs."""
    return {"work": written(work), "plan": dict(plan.content)}


def from_settings(settings: Mapping[str, Any]) -> tuple[Work, Plan]:
    """Read what `as_settings` wrote."""
    work = read(Work, settings["work"], where="the assessment")
    return work, plans.from_mapping(settings["plan"])


def as_json(found: Found) -> dict[str, Any]:
    """Write what was measured as JSON values."""
    return {f.name: written(getattr(found, f.name)) for f in fields(Found)}


def from_json(given: Mapping[str, Any]) -> Found:
    """Read what `as_json` wrote."""
    return Found(
        purpose=Purpose(given["purpose"]),
        measurements=tuple(
            read(Measurement, one, where="a measurement") for one in given["measurements"]
        ),
        rows=given["rows"],
        settings=given["settings"],
        findings=tuple(given["findings"]),
        notices=tuple(given["notices"]),
    )
