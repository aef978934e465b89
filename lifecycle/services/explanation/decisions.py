"""One decision, explained: asked for as a job, kept, and opened by those who may see single rows.

Every opening stands in the audit trail. Words and constraints come from the model's dictionary of
reasons in the version that was in force when the decision was explained.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import yaml

from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.aim import range_of
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.job import Job
from lifecycle.domain.model import Task, Version
from lifecycle.domain.reasons import ReasonDictionary
from lifecycle.errors import InvalidInput
from lifecycle.services import jobs, sensitive_data
from lifecycle.services.access import sensitive
from lifecycle.services.access.places import require_for
from lifecycle.services.explanation.asking import explained_by, features_of, runnable
from lifecycle.services.jobs import Kind
from lifecycle.store import artifacts, audit, datasets, explained, logs, models
from lifecycle.store.connection import Connection, Workspace
from lifecycle.store.explained import ExplainedDecision

EXPLAIN_DECISION = "explain_decision"
RUN = "lifecycle.adapters.explain_decision:run"
"""What the worker calls."""
LOG = "log"
LOG_ID = "lc_id"
"""The column of a log that holds the rows' ids."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An explained decision with everything that was kept of it."""

    kept: ExplainedDecision
    content: Mapping[str, Any]


def publish_reasons(
    ws: Workspace, model_id: str, text: str, *, by: Actor, at: datetime
) -> ReasonDictionary:
    """Put the next version of a model's dictionary of reasons in force.

    Parameters
    ----------
    text
        YAML: ``adverse`` (higher or lower), ``principal`` (most reasons) and ``columns``, each
        with ``raises``, ``lowers``, ``change`` (free, up, down, fixed), ``least`` and ``most``.

    Raises
    ------
    InvalidInput
        It is no YAML, or holds what a dictionary does not.
    NotFound
        There is no such model.
    """
    require_for(ws.cursor(), model_id, Permission.REGISTER, by=by)
    models.get(ws.cursor(), model_id)
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InvalidInput(f"the dictionary is no YAML: {' '.join(str(error).split())}") from error
    with ws.transaction() as tx:
        made = explained.add_dictionary(tx, model_id, content, by=by.name, at=at)
        details = {"version": made.version, "columns": sorted(made.columns)}
        event = AuditEvent(
            "reasons.publish", f"model:{model_id}", by.name, at, via=by.via, details=details
        )
        audit.append(tx, event)
    return made


def as_yaml(con: Connection, model_id: str) -> str:
    """Return a model's dictionary of reasons as text to work on; empty where there is none."""
    content = explained.content(con, model_id)
    return yaml.safe_dump(dict(content), allow_unicode=True, sort_keys=False) if content else ""


def explain_decision(
    ws: Workspace,
    model_id: str,
    version: str,
    *,
    row: str,
    source: str = LOG,
    aim: str | None = None,
    by: Actor,
    at: datetime,
) -> Job:
    """Ask for the explanation of one decision.

    Parameters
    ----------
    row
        The row's id; in a snapshot without an id column, its number from 1.
    source
        A snapshot's id, or ``log`` for the rows this version scored.
    aim
        The answer to look for: a class, or a range of numbers such as ``10..20``. Without one,
        the other decision or any other class.

    Raises
    ------
    InvalidInput
        The version has no file that can be run, nothing says which row is meant, or the aim is
        no range where numbers are answered.
    NotAllowed
        The actor may not open single rows, or not those of a model with a sensitive feature.
    NotFound
        There is no such version or snapshot.
    """
    con = ws.cursor()
    require_for(con, model_id, Permission.READ_ROWS, by=by)
    require_for(con, model_id, Permission.ASSESS, by=by)
    found = models.version(con, model_id, version)
    sensitive.check(con, found, _shown(found), by=by)
    runnable(found)
    _where(con, version_id=found.id, source=source, row=row)
    if aim and models.get(con, model_id).task is not Task.CLASSES:
        range_of(aim)
    settings = {"version": found.id, "source": source, "row": row, "aim": aim or None, "seed": 0}
    return jobs.submit(
        ws, EXPLAIN_DECISION, subject=f"version:{found.id}", settings=settings, by=by, at=at
    )


def open_decision(ws: Workspace, identifier: str, *, by: Actor, at: datetime) -> Opened:
    """Open what was kept of a decision; who did so stands in the audit trail.

    Raises
    ------
    NotAllowed
        The actor may not open single rows, or not those of a model with a sensitive feature.
    NotFound
        There is no such explanation.
    """
    con = ws.cursor()
    by.require(Permission.READ_ROWS)
    kept = explained.get(con, identifier)
    version = models.version_by_id(con, kept.version_id)
    require_for(con, version.model_id, Permission.READ_ROWS, by=by)
    shown = sensitive.check(con, version, _shown(version), by=by)
    artifacts.verify(ws, kept.artifact)
    content = json.loads(artifacts.path(ws, kept.artifact).read_text(encoding="utf-8"))
    details = {"explanation": kept.id, "sha256": kept.artifact}
    with ws.transaction() as tx:
        subject = f"version:{kept.version_id}"
        event = AuditEvent("decision.read", subject, by.name, at, via=by.via, details=details)
        audit.append(tx, event)
        sensitive.record(tx, version, shown, purpose="one decision explained", rows=1, by=by, at=at)
    return Opened(kept, content)


def _shown(version: Version) -> tuple[str, ...]:
    """Return the columns that an explanation shows; where no features are named, perhaps all."""
    return version.columns.features or version.columns.sensitive


def _where(con: Connection, *, version_id: str, source: str, row: str) -> dict[str, object]:
    """Say how the row is found: by the id column, or by its number."""
    if source == LOG:
        if not logs.files(con, version_id):
            raise InvalidInput(f"{version_id} has no log; name the snapshot that holds the row")
        return {"column": LOG_ID, "value": row}
    version = models.version_by_id(con, version_id)
    held = {column.name for column in datasets.snapshot(con, source).columns}
    if version.columns.id in held:
        return {"column": version.columns.id, "value": row}
    if not row.isdigit():
        raise InvalidInput(f"{source} has no id column: give a row's number from 1, not {row!r}")
    return {"number": int(row)}


def _prepare(ws: Workspace, job: Job) -> Mapping[str, object]:
    """Tell the worker where model, row and cases lie, and what may be changed."""
    con = ws.cursor()
    version = models.version_by_id(con, str(job.settings["version"]))
    source, row = str(job.settings["source"]), str(job.settings["row"])
    if version.artifact is None:
        raise InvalidInput(f"{version.id} has no model file")
    artifacts.verify(ws, version.artifact)
    cases = _cases_of(version, source)
    behind, beside = _rows(ws, con, version, cases)
    data, apart = [str(file.absolute()) for file in logs.files(con, version.id)], list[str]()
    if source != LOG:
        file, apart = _rows(ws, con, version, source)
        data = [file]
    dictionary = explained.dictionary(con, version.model_id)
    columns = version.columns
    return {
        "model": str(artifacts.path(ws, version.artifact).absolute()),
        "data": data,
        "label": "the log" if source == LOG else source,
        "features": list(features_of(con, version, cases)),
        "positive": columns.positive,
        "row": _where(con, version_id=version.id, source=source, row=row),
        "cases": behind,
        "apart": apart,
        "cases_apart": beside,
        "target": columns.target,
        "threshold": columns.threshold,
        "aim": job.settings.get("aim"),
        "limits": limits_of(dictionary),
        "seed": job.settings["seed"],
    }


def _cases_of(version: Version, source: str) -> str:
    """Return the snapshot that similar cases and other ways are taken from."""
    cases = version.reference or version.training or (None if source == LOG else source)
    if cases is None:
        raise InvalidInput(f"{version.id} has no reference snapshot to take similar cases from")
    return cases


def _rows(
    ws: Workspace, con: Connection, version: Version, snapshot_id: str
) -> tuple[str, list[str]]:
    """Return a snapshot's file, and those with features of it that are kept apart."""
    snapshot = datasets.snapshot(con, snapshot_id)
    artifacts.verify(ws, snapshot.artifact)
    apart = sensitive_data.of_snapshot(ws, con, snapshot).parts(_shown(version))
    file = artifacts.path(ws, snapshot.artifact).absolute()
    return str(file), [str(part) for part in apart]


def _keep(
    ws: Workspace, tx: Connection, job: Job, result: Mapping[str, Any], folder: Path, at: datetime
) -> str:
    """Word the reasons, and keep the whole as an artefact with its place in the store."""
    del folder
    version = models.version_by_id(tx, str(job.settings["version"]))
    dictionary = explained.dictionary(tx, version.model_id)
    content = {
        **result,
        **explained_by(version),
        "version": version.id,
        "standing": dictionary.standing(result["decision"]),
        "reasons": worded(dictionary, result),
        "dictionary": dictionary.version,
    }
    body = json.dumps(content, allow_nan=False, sort_keys=True).encode()
    kept = ExplainedDecision(
        id=explained.next_id(tx),
        version_id=version.id,
        source=str(job.settings["source"]),
        row_key=str(job.settings["row"]),
        dictionary=dictionary.version,
        artifact=artifacts.put(ws, body),
        created_at=at,
        created_by=job.owner,
    )
    explained.add(tx, kept)
    details = {"explanation": kept.id, "job": job.id, "sha256": kept.artifact}
    subject = f"version:{version.id}"
    audit.append(
        tx, AuditEvent("decision.explain", subject, job.owner, at, via="job", details=details)
    )
    return kept.id


def limits_of(dictionary: ReasonDictionary) -> dict[str, dict[str, object]]:
    """Return what may be changed about each column, for the worker."""
    return {
        name: {"change": meaning.change.value, "least": meaning.least, "most": meaning.most}
        for name, meaning in dictionary.columns.items()
    }


def worded(dictionary: ReasonDictionary, result: Mapping[str, Any]) -> list[dict[str, object]]:
    """Return the principal reasons of a decision that was explained, in plain words."""
    values = cast("Mapping[str, object]", result["values"])
    texts = {name: "" if held is None else str(held) for name, held in values.items()}
    return [asdict(reason) for reason in dictionary.reasons(result["shares"], texts)]


def _begin(tx: Connection, job: Job, at: datetime) -> None:
    """Write down that a worker reads sensitive features: of the row, and of cases like it."""
    version = models.version_by_id(tx, str(job.settings["version"]))
    shown = set(_shown(version)).intersection(version.columns.sensitive)
    rows = 1 + datasets.snapshot(tx, _cases_of(version, str(job.settings["source"]))).rows
    purpose = "explanation of one decision with cases like it"
    sensitive.record_job(tx, job, version, shown, purpose=purpose, rows=rows, at=at)


def _check(con: Connection, job: Job, by: Actor) -> None:
    """Refuse who may not open single rows, or not those with a sensitive feature."""
    version = models.version_by_id(con, str(job.settings["version"]))
    require_for(con, version.model_id, Permission.READ_ROWS, by=by)
    sensitive.check(con, version, _shown(version), by=by)


KIND = Kind(prepare=_prepare, keep=_keep, run=RUN, begin=_begin, check=_check)
"""For the runner: how explanations of single decisions start and what is kept of them."""
