"""What was kept of explanations, read for pages; nothing is computed here."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.errors import NotFound
from lifecycle.services.access import sensitive
from lifecycle.services.access.places import require_for, within_reach
from lifecycle.store import artifacts, evidence, models
from lifecycle.store.connection import Connection, Workspace


def effects(ws: Workspace, kept: Evidence, *, by: Actor) -> Mapping[str, Any] | None:
    """Return curves, interactions, associations, groups and cohorts of an explanation.

    Explanations from before these were computed have none. Single rows, which are the same ones
    along every column, are left out for whoever may not open them: then ``rows`` is false. For
    others they are left out where they would show a sensitive column; ``hidden`` names those.

    Raises
    ------
    DamagedStore
        The file is not the one that was kept.
    """
    sha256 = kept.payload.get("effects")
    if sha256 is None:
        return None
    artifacts.verify(ws, str(sha256))
    content = json.loads(artifacts.path(ws, str(sha256)).read_text(encoding="utf-8"))
    con, columns = ws.cursor(), content["columns"]
    if not (by.may(Permission.READ_ROWS) and within_reach(con, by)(kept.version_id)):
        averages = {name: _without_rows(column) for name, column in columns.items()}
        return {**content, "columns": averages, "rows": False, "hidden": []}
    version = models.version_by_id(con, kept.version_id)
    hidden = {
        name: {**column, "dots": None}
        for name, column in columns.items()
        if _shown(name, column).intersection(version.columns.sensitive)
    }
    return {**content, "columns": {**columns, **hidden}, "rows": True, "hidden": list(hidden)}


def single_rows(
    ws: Workspace, kept: Evidence, column: str, *, by: Actor, at: datetime
) -> Mapping[str, Any]:
    """Open one column with the single rows that `effects` leaves out; the trail keeps who did.

    Raises
    ------
    NotAllowed
        The actor may not read sensitive values row by row.
    NotFound
        The explanation holds no such column.
    DamagedStore
        The file is not the one that was kept.
    """
    con = ws.cursor()
    version = models.version_by_id(con, kept.version_id)
    require_for(con, version.model_id, Permission.READ_SENSITIVE, by=by)
    sha256 = str(kept.payload.get("effects"))
    artifacts.verify(ws, sha256)
    content = json.loads(artifacts.path(ws, sha256).read_text(encoding="utf-8"))
    found = content["columns"].get(column)
    if found is None:
        raise NotFound(f"{kept.id} holds no column {column!r}")
    shown = _shown(column, found).intersection(version.columns.sensitive)
    with ws.transaction() as tx:
        sensitive.record(
            tx,
            version,
            shown,
            purpose="rows of an explanation",
            rows=len(found["dots"]["x"]),
            by=by,
            at=at,
        )
    return found


def _without_rows(column: Mapping[str, Any]) -> dict[str, Any]:
    """Leave of a column what is a mean over rows: the curves and their intervals."""
    partial = column["partial"] and {k: v for k, v in column["partial"].items() if k != "lines"}
    return {**column, "dots": None, "partial": partial}


def _shown(name: str, column: Mapping[str, Any]) -> set[str]:
    """Return the columns whose values the single rows along a column show."""
    return {name, column["dots"]["by"] or name}


def of_model(con: Connection, model_id: str) -> list[Evidence]:
    """Return the explanations of all versions of a model, newest first."""
    found = [
        kept
        for version in models.versions(con, model_id)
        for kept in evidence.of_version(con, version.id, Purpose.EXPLANATION)
    ]
    return sorted(found, key=lambda kept: kept.created_at, reverse=True)
