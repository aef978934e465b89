"""Evidence: kept once, read back only if its content still makes its hash."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from lifecycle.domain.case import PlanLimited
from lifecycle.domain.evidence import Evidence, Purpose, id_of
from lifecycle.domain.measurement import Measurement, State, Window
from lifecycle.errors import DamagedStore
from lifecycle.store.cells import Connection, Record, dump, first, load, records, utc
from lifecycle.store.naming import not_found


def add(tx: Connection, evidence: Evidence) -> None:
    """Keep evidence; the same content a second time changes nothing."""
    tx.execute(
        """
        INSERT INTO evidence
        SELECT $id, $sha256, $version_id, $purpose, $created_at, $content
        WHERE NOT EXISTS (FROM evidence WHERE id = $id)
        """,
        {
            "id": evidence.id,
            "sha256": evidence.sha256,
            "version_id": evidence.version_id,
            "purpose": str(evidence.purpose),
            "created_at": utc(evidence.created_at),
            "content": dump(_plain(asdict(evidence))),
        },
    )


def get(con: Connection, evidence_id: str) -> Evidence:
    """Return evidence whose content was checked against its hash.

    Raises
    ------
    NotFound
        There is none with that id.
    DamagedStore
        The content was changed since it was kept.
    """
    row = first(con.execute("SELECT * FROM evidence WHERE id = $id", {"id": evidence_id}))
    if row is None:
        known = [str(r[0]) for r in con.execute("SELECT id FROM evidence").fetchall()]
        raise not_found("evidence", evidence_id, known=known)
    return _evidence(row)


def of_version(con: Connection, version_id: str, purpose: Purpose | None = None) -> list[Evidence]:
    """Return a version's evidence, newest first, of all purposes or one."""
    found = con.execute(
        """
        SELECT * FROM evidence
        WHERE version_id = $version_id AND ($purpose IS NULL OR purpose = $purpose)
        ORDER BY created_at DESC, id
        """,
        {"version_id": version_id, "purpose": str(purpose) if purpose else None},
    )
    return [_evidence(row) for row in records(found)]


def newest(con: Connection, version_id: str) -> list[Evidence]:
    """Return a version's newest evidence of each purpose, by purpose."""
    found = con.execute(
        """
        SELECT DISTINCT ON (purpose) * FROM evidence WHERE version_id = $version_id
        ORDER BY purpose, created_at DESC, id
        """,
        {"version_id": version_id},
    )
    return [_evidence(row) for row in records(found)]


def newest_of_all(con: Connection) -> dict[str, list[Evidence]]:
    """Return the newest evidence of each purpose of all versions, by version."""
    found = con.execute(
        """
        SELECT DISTINCT ON (version_id, purpose) * FROM evidence
        ORDER BY version_id, purpose, created_at DESC, id
        """
    )
    by_version: dict[str, list[Evidence]] = {}
    for row in records(found):
        by_version.setdefault(row["version_id"], []).append(_evidence(row))
    return by_version


def names_of_newest(
    con: Connection, version_ids: Iterable[str]
) -> dict[str, list[tuple[Purpose, str, str]]]:
    """Return purpose, id and hash of each version's newest evidence, without reading its content.

    What is decided on is read and compared with its hash by `newest`; a list need not.
    """
    found = con.execute(
        """
        SELECT DISTINCT ON (version_id, purpose) version_id, purpose, id, sha256 FROM evidence
        WHERE list_contains($ids::VARCHAR[], version_id)
        ORDER BY version_id, purpose, created_at DESC, id
        """,
        {"ids": sorted(set(version_ids))},
    )
    by_version: dict[str, list[tuple[Purpose, str, str]]] = {}
    for version_id, purpose, name, sha256 in found.fetchall():
        by_version.setdefault(version_id, []).append((Purpose(purpose), name, sha256))
    return by_version


def latest(con: Connection, version_id: str, purpose: Purpose) -> Evidence | None:
    """Return a version's newest evidence for a purpose."""
    found = con.execute(
        """
        SELECT * FROM evidence WHERE version_id = $version_id AND purpose = $purpose
        ORDER BY created_at DESC, id LIMIT 1
        """,
        {"version_id": version_id, "purpose": str(purpose)},
    )
    row = first(found)
    return _evidence(row) if row else None


def on_snapshot(con: Connection, model_id: str, snapshot_id: str) -> list[Evidence]:
    """Return what was measured of any version of a model on a snapshot, oldest first."""
    found = con.execute(
        """
        SELECT * FROM evidence
        WHERE starts_with(version_id, $model_id || '/') AND contains(content, $snapshot_id)
        ORDER BY created_at, id
        """,
        {"model_id": model_id, "snapshot_id": snapshot_id},
    )
    kept = [_evidence(row) for row in records(found)]
    return [one for one in kept if one.snapshot_id == snapshot_id]


def limited(con: Connection, model_id: str | None = None) -> dict[str, tuple[PlanLimited, ...]]:
    """Return by model what its plans limit: of each plan's name the last that set any limit."""
    found = con.execute(
        """
        WITH judged AS (
            SELECT split_part(version_id, '/', 1) AS model_id, purpose, created_at, id,
                   coalesce(content->>'$.plan.name', 'unnamed') AS plan,
                   list_distinct(
                       [m->>'$.statistic' FOR m IN CAST(content->'$.measurements' AS JSON[])
                        IF m->>'$.limit' IS NOT NULL]
                   ) AS statistics
            FROM evidence
            WHERE ($model_id IS NULL OR starts_with(version_id, $model_id || '/'))
              AND json_exists(content, '$.plan.statistics')
        ),
        last AS (
            SELECT DISTINCT ON (model_id, purpose, plan) * FROM judged WHERE len(statistics) > 0
            ORDER BY model_id, purpose, plan, created_at DESC, id
        )
        SELECT model_id, purpose, plan, unnest(statistics) AS statistic FROM last ORDER BY ALL
        """,
        {"model_id": model_id},
    )
    by_model: dict[str, list[PlanLimited]] = {}
    for model, purpose, plan, statistic in found.fetchall():
        by_model.setdefault(model, []).append(PlanLimited(Purpose(purpose), plan, statistic))
    return {model: tuple(limits) for model, limits in by_model.items()}


def _plain(value: Any) -> Any:
    """Turn nested content into JSON values; times keep their offset, as the hash saw it."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value.isoformat(timespec="microseconds") if isinstance(value, datetime) else value


def _evidence(row: Record) -> Evidence:
    damage = f"evidence {row['id']} was changed since it was kept"
    try:
        content = load(row["content"])
        content["purpose"] = Purpose(content["purpose"])
        content["created_at"] = datetime.fromisoformat(content["created_at"])
        content["measurements"] = tuple(_measurement(m) for m in content["measurements"])
        evidence = Evidence(**content)
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedStore(damage) from error
    sha256 = evidence.sha256
    found = (id_of(sha256), sha256, evidence.version_id, evidence.purpose)
    if found != (row["id"], row["sha256"], row["version_id"], row["purpose"]):
        raise DamagedStore(damage)
    return evidence


def _measurement(content: dict[str, Any]) -> Measurement:
    window, interval = content["window"], content["interval"]
    content["state"] = State(content["state"])
    content["interval"] = tuple(interval) if interval else None
    if window:
        start, end = (datetime.fromisoformat(window[side]) for side in ("start", "end"))
        content["window"] = Window(start, end)
    return Measurement(**content)
