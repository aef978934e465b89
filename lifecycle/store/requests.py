"""Requests to move a version, and the decisions on them."""

from collections.abc import Iterable

from lifecycle.domain.approval import Decision, Request, Status, Vote
from lifecycle.domain.model import Stage
from lifecycle.errors import Conflict
from lifecycle.store.cells import Connection, Record, dump, load, records, utc
from lifecycle.store.naming import not_found, unique


def next_id(tx: Connection) -> str:
    """Return the id for the next request, such as ``req-12``."""
    row = tx.execute("SELECT coalesce(max(number), 0) + 1 FROM request").fetchall()[0]
    return f"req-{row[0]}"


def add(tx: Connection, request: Request) -> None:
    """Keep a new request with whatever decisions it carries.

    Raises
    ------
    Conflict
        There is one with its id.
    """
    with unique("request", request.id):
        tx.execute(
            """
            INSERT INTO request VALUES (
                $id, (SELECT coalesce(max(number), 0) + 1 FROM request), $version_id, $before, $to,
                $reason, $requested_by, $requested_at, $policy, $policy_sha256, $evidence, $bundle,
                $barred, $quorum, $status)
            """,
            {
                "id": request.id,
                "version_id": request.version_id,
                "before": str(request.before),
                "to": str(request.to),
                "reason": request.reason,
                "requested_by": request.requested_by,
                "requested_at": utc(request.requested_at),
                "policy": request.policy,
                "policy_sha256": request.policy_sha256,
                "evidence": dump(list(request.evidence)),
                "bundle": request.bundle,
                "barred": dump(sorted(request.barred)),
                "quorum": request.quorum,
                "status": str(request.status),
            },
        )
    _add_decisions(tx, request, after=0)


def update(tx: Connection, request: Request, *, expected: int) -> None:
    """Save a request's new status and decisions.

    Parameters
    ----------
    expected
        Decisions it had when it was read.

    Raises
    ------
    NotFound
        There is no such request.
    Conflict
        Somebody decided or withdrew it meanwhile.
    """
    stored = get(tx, request.id)
    if len(stored.decisions) != expected or stored.status is not Status.OPEN:
        raise Conflict(f"somebody else changed request {request.id} first; it is {stored.status}")
    tx.execute(
        "UPDATE request SET status = $status WHERE id = $id",
        {"status": str(request.status), "id": request.id},
    )
    _add_decisions(tx, request, after=expected)


def get(con: Connection, request_id: str) -> Request:
    """Return a request with its decisions.

    Raises
    ------
    NotFound
        There is none with that id.
    """
    found = _select(con, request_id=request_id)
    if not found:
        known = [str(r[0]) for r in con.execute("SELECT id FROM request").fetchall()]
        raise not_found("request", request_id, known=known)
    return found[0]


def every(
    con: Connection, status: Status | None = None, version_id: str | None = None
) -> list[Request]:
    """Return requests, newest first, of all statuses or one, of all versions or one."""
    return _select(con, status=str(status) if status else None, version_id=version_id)


def _select(
    con: Connection,
    *,
    request_id: str | None = None,
    status: str | None = None,
    version_id: str | None = None,
) -> list[Request]:
    found = con.execute(
        """
        SELECT
            request.*,
            list({actor: actor, decided_at: decided_at, vote: vote,
                  reason: decision.reason, bundle: decision.bundle} ORDER BY position)
                FILTER (position IS NOT NULL) AS decisions
        FROM request LEFT JOIN decision ON request_id = id
        WHERE ($id IS NULL OR id = $id)
            AND ($status IS NULL OR status = $status)
            AND ($version_id IS NULL OR version_id = $version_id)
        GROUP BY ALL ORDER BY number DESC
        """,
        {"id": request_id, "status": status, "version_id": version_id},
    )
    return [_request(row) for row in records(found)]


def _add_decisions(tx: Connection, request: Request, *, after: int) -> None:
    for position, decision in list(enumerate(request.decisions))[after:]:
        tx.execute(
            """
            INSERT INTO decision VALUES ($request, $position, $by, $at, $vote, $reason, $bundle)
            """,
            {
                "request": request.id,
                "position": position,
                "by": decision.by,
                "at": utc(decision.at),
                "vote": str(decision.vote),
                "reason": decision.reason,
                "bundle": decision.bundle,
            },
        )


def _decisions(rows: Iterable[Record]) -> tuple[Decision, ...]:
    return tuple(
        Decision(
            by=row["actor"],
            at=utc(row["decided_at"]),
            vote=Vote(row["vote"]),
            reason=row["reason"],
            bundle=row["bundle"],
        )
        for row in rows
    )


def _request(row: Record) -> Request:
    return Request(
        id=row["id"],
        version_id=row["version_id"],
        before=Stage(row["before"]),
        to=Stage(row["target"]),
        reason=row["reason"],
        requested_by=row["requested_by"],
        requested_at=row["requested_at"],
        policy=row["policy"],
        policy_sha256=row["policy_sha256"],
        evidence=tuple(load(row["evidence"])),
        bundle=row["bundle"],
        barred=frozenset(load(row["barred"])),
        quorum=row["quorum"],
        status=Status(row["status"]),
        decisions=_decisions(row["decisions"] or ()),
    )
