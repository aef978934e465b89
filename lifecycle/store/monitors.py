"""Monitors: every change is a new revision, the newest is the one that runs."""

from datetime import datetime

from lifecycle.domain.monitor import Monitor, settings_of
from lifecycle.store.cells import Connection, Record, dump, first, load, records, utc
from lifecycle.store.naming import unique

OWN_COLUMNS = ("id", "version_id", "revision", "created_at", "created_by")


def add(tx: Connection, monitor: Monitor) -> None:
    """Keep a new revision.

    Raises
    ------
    Conflict
        Somebody made that revision first.
    """
    with unique("monitor", f"{monitor.version_id} revision {monitor.revision}"):
        tx.execute(
            """
            INSERT INTO monitor VALUES (
                $version_id, $revision, $id, $created_at, $created_by, $settings)
            """,
            {
                "version_id": monitor.version_id,
                "revision": monitor.revision,
                "id": monitor.id,
                "created_at": utc(monitor.created_at),
                "created_by": monitor.created_by,
                "settings": dump(
                    monitor.settings() | {"series": monitor.series, "reason": monitor.reason}
                ),
            },
        )


def current(con: Connection, version_id: str) -> Monitor | None:
    """Return the newest revision of a version's monitor."""
    row = first(
        con.execute(
            """
            SELECT * FROM monitor WHERE version_id = $version_id ORDER BY revision DESC LIMIT 1
            """,
            {"version_id": version_id},
        )
    )
    return _monitor(row) if row else None


def revisions(con: Connection, version_id: str) -> list[Monitor]:
    """Return all revisions of a version's monitor, oldest first."""
    found = con.execute(
        "SELECT * FROM monitor WHERE version_id = $version_id ORDER BY revision",
        {"version_id": version_id},
    )
    return [_monitor(row) for row in records(found)]


def every(con: Connection) -> list[Monitor]:
    """Return the newest revision of every monitor, by version."""
    found = con.execute(
        """
        SELECT * FROM monitor
        QUALIFY row_number() OVER (PARTITION BY version_id ORDER BY revision DESC) = 1
        ORDER BY version_id
        """
    )
    return [_monitor(row) for row in records(found)]


def set_run(tx: Connection, version_id: str, *, at: datetime) -> None:
    """Note until when a version was monitored."""
    tx.execute(
        """
        INSERT INTO monitor_run VALUES ($version_id, $at)
        ON CONFLICT (version_id) DO UPDATE SET run_at = excluded.run_at
        """,
        {"version_id": version_id, "at": utc(at)},
    )


def last_run(con: Connection, version_id: str) -> datetime | None:
    """Return until when a version was monitored."""
    row = first(
        con.execute(
            "SELECT run_at FROM monitor_run WHERE version_id = $version_id",
            {"version_id": version_id},
        )
    )
    return row["run_at"] if row else None


def _monitor(row: Record) -> Monitor:
    settings = load(row["settings"])
    own = {k: row[k] for k in OWN_COLUMNS}
    own |= {"series": settings.pop("series", 1), "reason": settings.pop("reason", "")}
    return Monitor(**own, **settings_of(settings))
