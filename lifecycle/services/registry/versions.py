"""Which state of a model is this: an immutable version with its file, columns and lineage."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType

from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.dataset import Snapshot
from lifecycle.domain.model import Columns, Model, Stage, Task, Version
from lifecycle.errors import CheckFailed, InvalidInput, NotFound
from lifecycle.services import sensitive_data
from lifecycle.services.access.places import require_for
from lifecycle.services.registry import naming
from lifecycle.store import artifacts, audit, datasets, models, policies, usecases
from lifecycle.store.connection import Connection, Workspace

FREE: Mapping[Stage, frozenset[Stage]] = MappingProxyType(
    {
        Stage.DRAFT: frozenset({Stage.CANDIDATE, Stage.RETIRED}),
        Stage.CANDIDATE: frozenset({Stage.RETIRED}),
        Stage.VALIDATED: frozenset({Stage.RETIRED}),
        Stage.APPROVED: frozenset({Stage.RETIRED}),
        Stage.PRODUCTION: frozenset({Stage.SUSPENDED, Stage.RETIRED}),
        Stage.SUSPENDED: frozenset({Stage.RETIRED}),
        Stage.REJECTED: frozenset({Stage.DRAFT}),
        Stage.RETIRED: frozenset(),
    }
)
"""Moves that take nothing on: a first look, or a step back. A policy may still put a gate there."""


TWO = 2


def add_version(
    ws: Workspace,
    model_id: str,
    name: str,
    *,
    columns: Columns,
    file: Path | None = None,
    reference: str | None = None,
    training: str | None = None,
    code_commit: str | None = None,
    metrics: Mapping[str, float] | None = None,
    parameters: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    notes: str = "",
    by: Actor,
    at: datetime,
) -> Version:
    """Register a version as a draft, with its model file and its lineage.

    Parameters
    ----------
    file
        The model, as skops, ONNX, XGBoost or LightGBM; kept as an artefact.
    reference, training
        Ids of the snapshots that monitoring compares with and that it was trained on.

    Raises
    ------
    InvalidInput
        The name, a metric, a column or the file cannot be used; a pickle is refused because
        reading one may run any program.
    NotFound
        There is no such model or snapshot.
    Conflict
        The model already has a version of that name.
    """
    require_for(ws.cursor(), model_id, Permission.REGISTER, by=by)
    naming.check_version(name)
    numbers = {
        key: naming.finite(value, what=f"metric {key}") for key, value in (metrics or {}).items()
    }
    con = ws.cursor()
    model = models.get(con, model_id)
    _check_new(con, model_id, name)
    if training is not None:
        datasets.snapshot(con, training)
    _check_columns(columns, model=model)
    if reference is not None:
        _check_against(datasets.snapshot(con, reference), columns, model=model)
    artifact, kind = _keep(ws, file)
    version = Version(
        model_id=model_id,
        name=name,
        stage=Stage.DRAFT,
        developer=by.name,
        created_at=at,
        columns=columns,
        artifact=artifact,
        artifact_format=kind,
        reference=reference,
        training=training,
        code_commit=code_commit,
        metrics=numbers,
        parameters=_texts(parameters),
        environment=_texts(environment),
        notes=notes,
    )
    with ws.transaction() as tx:
        _check_new(tx, model_id, name)
        models.add_version(tx, version)
        audit.append(tx, _added(version, by=by))
    if columns.sensitive:
        sensitive_data.separate_snapshots(ws, by=by, at=at)
    return version


def move_version(
    ws: Workspace,
    model_id: str,
    name: str,
    *,
    to: Stage,
    reason: str,
    by: Actor,
    at: datetime,
) -> Version:
    """Move a version along an arrow that needs no gate.

    Raises
    ------
    CheckFailed
        The arrow has a gate, so the move needs a request and a decision.
    Conflict
        No arrow leads there.
    """
    require_for(ws.cursor(), model_id, Permission.REGISTER, by=by)
    with ws.transaction() as tx:
        version = models.version(tx, model_id, name)
        moved, event = version.move(to, by=by.name, at=at, reason=reason)
        if to not in FREE[version.stage] or _gated(tx, version, to=to):
            raise CheckFailed(
                f"{version.id} can become {to} only through a request that somebody else decides"
            )
        models.update_version(tx, moved)
        audit.append(tx, replace(event, via=by.via))
    return moved


def file_of(ws: Workspace, model_id: str, name: str, *, by: Actor) -> Path:
    """Return where a version's model file stands, for people who may run it.

    Raises
    ------
    NotFound
        It has no file.
    DamagedStore
        The file is not the one that was kept.
    """
    con = ws.cursor()
    require_for(con, model_id, Permission.ASSESS, by=by)
    version = models.version(con, model_id, name)
    if version.artifact is None:
        raise NotFound(f"{version.id} has no model file")
    artifacts.verify(ws, version.artifact)
    return artifacts.path(ws, version.artifact)


def _gated(con: Connection, version: Version, *, to: Stage) -> bool:
    """Tell whether the house policy puts a gate before a stage for this version's tier."""
    try:
        policy = policies.current(con)
    except NotFound:
        return False
    use_case = usecases.get(con, models.get(con, version.model_id).use_case_id)
    return to in policy.gates.get(use_case.tier, {})


def _check_new(con: Connection, model_id: str, name: str) -> None:
    taken = (version.name for version in models.versions(con, model_id))
    naming.check_free(name, taken=taken, what=f"version of {model_id}")


def _check_columns(columns: Columns, *, model: Model) -> None:
    """Refuse columns that contradict each other."""
    naming.check_filled("a version", target=columns.target)
    if columns.class_scores and (model.task is not Task.CLASSES or len(columns.class_scores) < TWO):
        raise InvalidInput(
            f"scores by class are for a model of several classes, one for each of them; model "
            f"{model.id} is {model.task} and {len(columns.class_scores)} are named"
        )
    if columns.target in columns.features:
        raise InvalidInput(f"column {columns.target!r} is the target, so it cannot be a feature")
    known = {*columns.features, *columns.sensitive, columns.target}
    for name in columns.categorical:
        if name not in known:
            raise InvalidInput(
                f"column {name!r} is listed as categorical but is neither a feature nor a "
                "sensitive column"
            )


def _check_against(snapshot: Snapshot, columns: Columns, *, model: Model) -> None:
    """Refuse a version whose reference lacks one of its columns.

    Id and timestamp are left out: they name rows of the prediction log, and a reference made of
    training data often has neither.
    """
    there = [column.name for column in snapshot.columns]
    parts = [columns.target, columns.score, columns.prediction, *columns.features]
    for name in [*parts, *columns.class_scores.values(), *columns.sensitive]:
        if name is not None and name not in there:
            close = get_close_matches(name, there, n=3) or there[:8]
            raise InvalidInput(
                f"snapshot {snapshot.id} has no column {name!r}; there is: {', '.join(close)}"
            )
    if model.task is Task.BINARY and columns.positive is None:
        raise InvalidInput(
            f"model {model.id} is binary, so a version with a reference needs the positive label "
            f"of {columns.target}"
        )


def _keep(ws: Workspace, file: Path | None) -> tuple[str | None, str | None]:
    """Check a model file and keep it among the artefacts; return its hash and format."""
    if file is None:
        return None, None
    from lifecycle.adapters import model_files

    found = model_files.inspect(file)
    return artifacts.put(ws, file), found.format


def _texts(values: Mapping[str, str] | None) -> dict[str, str]:
    return {str(key): str(value) for key, value in (values or {}).items()}


def _added(version: Version, *, by: Actor) -> AuditEvent:
    details = {
        "artifact": version.artifact,
        "format": version.artifact_format,
        "reference": version.reference,
        "training": version.training,
        "code_commit": version.code_commit,
    }
    return AuditEvent(
        action="version.add",
        subject=f"version:{version.id}",
        by=by.name,
        at=version.created_at,
        reason=version.notes,
        via=by.via,
        details=details,
    )
