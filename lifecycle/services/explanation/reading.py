"""What was kept of explanations, read for pages; nothing is computed here."""

import json
from collections.abc import Mapping
from typing import Any

from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.store import artifacts, evidence, models
from lifecycle.store.connection import Connection, Workspace


def effects(ws: Workspace, kept: Evidence) -> Mapping[str, Any] | None:
    """Return curves, interactions, associations, groups and cohorts of an explanation.

    Explanations from before these were computed have none.

    Raises
    ------
    DamagedStore
        The file is not the one that was kept.
    """
    sha256 = kept.payload.get("effects")
    if sha256 is None:
        return None
    artifacts.verify(ws, str(sha256))
    return json.loads(artifacts.path(ws, str(sha256)).read_text(encoding="utf-8"))


def of_model(con: Connection, model_id: str) -> list[Evidence]:
    """Return the explanations of all versions of a model, newest first."""
    found = [
        kept
        for version in models.versions(con, model_id)
        for kept in evidence.of_version(con, version.id, Purpose.EXPLANATION)
    ]
    return sorted(found, key=lambda kept: kept.created_at, reverse=True)
