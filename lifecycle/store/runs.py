"""Runs of monitors: what each did, and which one a window's measurements came from."""

from dataclasses import replace

from lifecycle.domain.measurement import State
from lifecycle.domain.run import Run
from lifecycle.store.cells import Connection, Record, dump, load, records, utc

RUNS = """
CREATE TABLE monitoring_run (
    version_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    monitor_id VARCHAR NOT NULL,
    series INTEGER NOT NULL,
    run_at TIMESTAMPTZ NOT NULL,
    run_by VARCHAR NOT NULL,
    via VARCHAR NOT NULL,
    owner VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    days BIGINT NOT NULL,
    rows BIGINT NOT NULL,
    windows BIGINT NOT NULL,
    measurements BIGINT NOT NULL,
    tests BIGINT NOT NULL,
    reasons VARCHAR NOT NULL,
    PRIMARY KEY (version_id, number)
);
ALTER TABLE measurement ADD COLUMN series INTEGER DEFAULT 1;
ALTER TABLE measurement ADD COLUMN run INTEGER;
"""
"""Runs, and on each measurement its series and the run that made it."""


def add(tx: Connection, run: Run) -> Run:
    """Keep a run under the next number of its version.

    Of runs that found nothing new only the newest is kept.
    """
    tx.execute(
        """
        DELETE FROM monitoring_run
        WHERE version_id = $id AND state = $idle AND $state = $idle
        """,
        {"id": run.version_id, "idle": str(State.NOT_APPLICABLE), "state": str(run.state)},
    )
    number = next_number(tx, run.version_id)
    tx.execute(
        """
        INSERT INTO monitoring_run VALUES (
            $version_id, $number, $monitor_id, $series, $at, $by, $via, $owner, $state, $days,
            $rows, $windows, $measurements, $tests, $reasons)
        """,
        {
            "version_id": run.version_id,
            "number": number,
            "monitor_id": run.monitor_id,
            "series": run.series,
            "at": utc(run.at),
            "by": run.by,
            "via": run.via,
            "owner": run.owner,
            "state": str(run.state),
            "days": run.days,
            "rows": run.rows,
            "windows": run.windows,
            "measurements": run.measurements,
            "tests": run.tests,
            "reasons": dump(list(run.reasons)),
        },
    )
    return replace(run, number=number)


def next_number(con: Connection, version_id: str) -> int:
    """Return the number of a version's next run."""
    row = con.execute(
        "SELECT coalesce(max(number), 0) + 1 FROM monitoring_run WHERE version_id = $id",
        {"id": version_id},
    ).fetchall()[0]
    return int(row[0])


def of_version(con: Connection, version_id: str, *, limit: int = 50) -> list[Run]:
    """Return a version's runs, newest first."""
    found = con.execute(
        """
        SELECT * FROM monitoring_run WHERE version_id = $id ORDER BY number DESC LIMIT $limit
        """,
        {"id": version_id, "limit": limit},
    )
    return [_run(row) for row in records(found)]


def newest(con: Connection, *, limit: int = 200) -> list[Run]:
    """Return the newest runs of all versions, newest first."""
    found = con.execute(
        """
        SELECT * FROM monitoring_run ORDER BY run_at DESC, version_id, number DESC LIMIT $limit
        """,
        {"limit": limit},
    )
    return [_run(row) for row in records(found)]


def last(con: Connection) -> dict[str, Run]:
    """Return the newest run of each version."""
    found = con.execute(
        """
        SELECT * FROM monitoring_run
        QUALIFY row_number() OVER (PARTITION BY version_id ORDER BY number DESC) = 1
        ORDER BY version_id
        """
    )
    return {row["version_id"]: _run(row) for row in records(found)}


def of_newest_window(con: Connection, version_id: str) -> Run | None:
    """Return the run that measured a version's newest window."""
    found = con.execute(
        """
        SELECT * FROM monitoring_run
        WHERE version_id = $id AND number = (
            SELECT run FROM measurement WHERE version_id = $id AND run IS NOT NULL
            ORDER BY series DESC, window_end DESC NULLS LAST LIMIT 1
        )
        """,
        {"id": version_id},
    )
    return next((_run(row) for row in records(found)), None)


def _run(row: Record) -> Run:
    return Run(
        version_id=row["version_id"],
        number=row["number"],
        monitor_id=row["monitor_id"],
        series=row["series"],
        at=row["run_at"],
        by=row["run_by"],
        via=row["via"],
        owner=row["owner"],
        state=State(row["state"]),
        days=row["days"],
        rows=row["rows"],
        windows=row["windows"],
        measurements=row["measurements"],
        tests=row["tests"],
        reasons=tuple(load(row["reasons"])),
    )
