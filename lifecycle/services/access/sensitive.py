"""Who may read people's protected attributes row by row; every such read stands in the trail.

Counts by group need no more than an assessment or a monitor's run does, and say what they are for.
A single row's value is personal data of a special kind, so it has a permission of its own, which
whoever builds the model does not have.
"""

from collections.abc import Collection
from datetime import datetime

from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.job import Job
from lifecycle.domain.model import Version
from lifecycle.services.access.places import require_for
from lifecycle.store import audit
from lifecycle.store.connection import Connection

READ = "sensitive.read"
"""The event that keeps who read which attributes, and what for."""


def check(con: Connection, version: Version, columns: Collection[str], *, by: Actor) -> list[str]:
    """Return which of some columns are sensitive, for an actor who may read those.

    Raises
    ------
    NotAllowed
        One is, and the actor may not read sensitive values.
    """
    found = sorted(set(columns) & set(version.columns.sensitive))
    if found:
        require_for(con, version.model_id, Permission.READ_SENSITIVE, by=by)
    return found


def record_job(
    tx: Connection,
    job: Job,
    version: Version,
    columns: Collection[str],
    *,
    purpose: str,
    rows: int,
    at: datetime,
) -> None:
    """Write down, as its work begins, what a job reads for whoever asked for it."""
    by = Actor(job.owner, frozenset(), via="job")
    record(tx, version, columns, purpose=purpose, rows=rows, by=by, at=at)


def record(
    tx: Connection,
    version: Version,
    columns: Collection[str],
    *,
    purpose: str,
    rows: int,
    by: Actor,
    at: datetime,
) -> None:
    """Write down that sensitive values of so many rows were read, if any were."""
    if columns:
        details = {"columns": sorted(columns), "purpose": purpose, "rows": rows}
        subject = f"version:{version.id}"
        audit.append(tx, AuditEvent(READ, subject, by.name, at, via=by.via, details=details))
