"""A point of a frontier as a draft version: with its model file or its rule, and its warning."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from lifecycle.domain.actor import Actor
from lifecycle.domain.evidence import Evidence
from lifecycle.domain.model import Columns, Version
from lifecycle.services.mitigation.reading import POINT, frontier, named, runs_as
from lifecycle.services.registry import versions
from lifecycle.store import artifacts, models
from lifecycle.store.connection import Workspace

RULE = "decision_rule"
"""The parameter of a version that names its thresholds by group among the artefacts."""

HALF = 0.5
"""What the trained ways decide from; that of scikit-learn's own `predict`."""


def register(
    ws: Workspace,
    evidence_id: str,
    *,
    point: str,
    name: str,
    reference: str | None = None,
    by: Actor,
    at: datetime,
) -> Version:
    """Register a point of the frontier as a draft version, to be judged by every gate.

    Parameters
    ----------
    reference
        A snapshot with this way's own answers; the original's reference unless given.

    Raises
    ------
    NotFound
        The evidence has no such point.
    InvalidInput
        The evidence holds no frontier.
    """
    con = ws.cursor()
    kept = frontier(con, evidence_id)
    chosen = named(kept, point)
    origin = models.version_by_id(con, kept.version_id)
    artifact = chosen.get("artifact")
    borrowed = reference is None and artifact != origin.artifact
    values = {m.statistic: m.value for m in kept.measurements if m.slice.get(POINT) == point}
    return versions.add_version(
        ws,
        origin.model_id,
        name,
        columns=_columns(origin.columns, chosen),
        file=None if artifact is None else artifacts.path(ws, artifact),
        reference=reference or origin.reference,
        training=kept.snapshot_id,
        metrics={k: v for k, v in values.items() if v is not None},
        parameters=_parameters(kept, chosen),
        notes=_notes(kept, origin, chosen, borrowed=borrowed and origin.reference is not None),
        by=by,
        at=at,
    )


def rule_of(ws: Workspace, version: Version) -> Mapping[str, Any] | None:
    """Return the thresholds by group that a version decides with, where it does.

    Raises
    ------
    DamagedStore
        The file is not the one that was kept.
    """
    sha256 = version.parameters.get(RULE)
    if sha256 is None:
        return None
    artifacts.verify(ws, sha256)
    return json.loads(artifacts.path(ws, sha256).read_text(encoding="utf-8"))


def _columns(given: Columns, chosen: Mapping[str, Any]) -> Columns:
    """Return what a way reads and decides from; a rule by group has no common threshold."""
    if chosen.get("thresholds"):
        return replace(given, threshold=None)
    if not chosen.get("features"):
        return given
    return replace(
        given,
        features=tuple(chosen["features"]),
        categorical=tuple(chosen["categorical"]),
        threshold=None if chosen.get("no_file") else HALF,
    )


def _parameters(kept: Evidence, chosen: Mapping[str, Any]) -> dict[str, str]:
    settings = kept.method["settings"]
    given = {str(k): str(v) for k, v in settings.items()} if isinstance(settings, Mapping) else {}
    made = {
        "mitigation": str(chosen["method"]),
        "strength": str(chosen["strength"]),
        "evidence": kept.id,
        **given,
    }
    return made | ({RULE: str(chosen["rule"])} if chosen.get("rule") else {})


def _notes(kept: Evidence, origin: Version, chosen: Mapping[str, Any], *, borrowed: bool) -> str:
    """Say where a version comes from, what it runs as, and what speaks against it."""
    said = [
        f"{chosen['name']}, from {origin.id} by evidence {kept.id}",
        f"It runs as {runs_as(chosen)}",
    ]
    if borrowed:
        said.append(f"The scores in its reference are those of {origin.id}, not its own")
    if chosen["legally_sensitive"]:
        said.append(str(chosen["legally_sensitive"]))
    return "".join(f"{sentence.rstrip('.')}. " for sentence in said).strip()
