"""Jobs: long work and how it is going."""

from lifecycle.domain.job import LIVE, Job, JobState
from lifecycle.errors import NotFound
from lifecycle.store.cells import Connection, Record, dump, first, load, records, utc
from lifecycle.store.naming import not_found, unique

COLUMNS = """
    id, kind, subject, owner, state, created_at, settings, progress, note, log, started_at,
    finished_at, result
"""


def next_id(tx: Connection) -> str:
    """Return the id for the next job, such as ``job-7``."""
    row = tx.execute("SELECT coalesce(max(number), 0) + 1 FROM job").fetchall()[0]
    return f"job-{row[0]}"


def add(tx: Connection, job: Job) -> None:
    """Keep a new job.

    Raises
    ------
    Conflict
        There is one with its id.
    """
    with unique("job", job.id):
        tx.execute(
            """
            INSERT INTO job BY NAME SELECT
                $id AS id, (SELECT coalesce(max(number), 0) + 1 FROM job) AS number, $kind AS kind,
                $subject AS subject, $owner AS owner, $state AS state, $created_at AS created_at,
                $settings AS settings, $progress AS progress, $note AS note, $log AS log,
                $started_at AS started_at, $finished_at AS finished_at, $result AS result
            """,
            _progress(job)
            | {
                "kind": job.kind,
                "subject": job.subject,
                "owner": job.owner,
                "created_at": utc(job.created_at),
                "settings": dump(dict(job.settings)),
            },
        )


def update(tx: Connection, job: Job) -> None:
    """Save how a job is going; what it is stays.

    Raises
    ------
    NotFound
        There is none with its id.
    """
    done = tx.execute(
        """
        UPDATE job SET
            state = $state, progress = $progress, note = $note, log = $log,
            started_at = $started_at, finished_at = $finished_at, result = $result
        WHERE id = $id RETURNING id
        """,
        _progress(job),
    ).fetchall()
    if not done:
        raise _absent(tx, job.id)


def get(con: Connection, job_id: str) -> Job:
    """Return a job.

    Raises
    ------
    NotFound
        There is none with that id.
    """
    row = first(con.execute(f"SELECT {COLUMNS} FROM job WHERE id = $id", {"id": job_id}))
    if row is None:
        raise _absent(con, job_id)
    return _job(row)


def every(con: Connection, live: bool | None = None, limit: int = 100) -> list[Job]:  # noqa: FBT001 -- read as `every(con, live=True)` everywhere
    """Return jobs, newest first: all of them, those still to finish, or those that ended."""
    found = con.execute(
        f"""
        SELECT {COLUMNS} FROM job
        WHERE $live IS NULL OR (state IN (SELECT unnest($states))) = $live
        ORDER BY number DESC LIMIT $limit
        """,
        {"live": live, "states": sorted(LIVE), "limit": limit},
    )
    return [_job(row) for row in records(found)]


def _absent(con: Connection, wanted: str) -> NotFound:
    known = [str(row[0]) for row in con.execute("SELECT id FROM job").fetchall()]
    return not_found("job", wanted, known=known)


def _progress(job: Job) -> Record:
    return {
        "id": job.id,
        "state": str(job.state),
        "progress": job.progress,
        "note": job.note,
        "log": job.log,
        "started_at": utc(job.started_at) if job.started_at else None,
        "finished_at": utc(job.finished_at) if job.finished_at else None,
        "result": job.result,
    }


def _job(row: Record) -> Job:
    nested: Record = {"state": JobState(row["state"]), "settings": load(row["settings"])}
    return Job(**row | nested)
