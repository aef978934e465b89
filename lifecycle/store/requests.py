"""Requests and their decisions: a request changes its status, a decision never changes.

What separates powers is checked in the domain before anything is written, and here once more, by
triggers that no service can forget.
"""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime

import duckdb

from lifecycle.domain.actor import Role
from lifecycle.domain.approval import Code, Decision, Request, Status, Vote
from lifecycle.domain.finding import Obligation, Severity
from lifecycle.domain.model import Stage
from lifecycle.domain.signature import Meaning, Signature
from lifecycle.domain.usecase import Tier
from lifecycle.errors import Conflict, FourEyesViolation
from lifecycle.store.cells import Connection, Record, dump, load, records, utc
from lifecycle.store.naming import not_found, unique
from lifecycle.store.schema import append_only
from lifecycle.store.shredding import Reader, Writer, reader, writer

TABLES = f"""
ALTER TABLE request ADD COLUMN tier VARCHAR DEFAULT 'high';
ALTER TABLE request ADD COLUMN version_sha256 VARCHAR DEFAULT '';
ALTER TABLE request ADD COLUMN emergency BOOLEAN DEFAULT false;
ALTER TABLE request ADD COLUMN supersedes VARCHAR;
CREATE TABLE signature (
    request_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    on_behalf_of VARCHAR,
    content VARCHAR NOT NULL,
    PRIMARY KEY (request_id, position)
);
{append_only("signature")}
"""

SEPARATION = {
    "decision_refuses_the_barred": """
        AFTER INSERT ON decision REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT
        INSERT INTO refusal
        SELECT error('separation of duties: ' || actor || ' cannot decide on ' || request_id)
        FROM fresh JOIN request ON id = request_id
        WHERE json_contains(barred, to_json(actor))
    """,
    "decision_refuses_the_closed": """
        AFTER INSERT ON decision REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT
        INSERT INTO refusal
        SELECT error('separation of duties: ' || request_id || ' is ' || status)
        FROM fresh JOIN request ON id = request_id WHERE status <> 'open'
    """,
    "decision_refuses_a_second_vote": """
        AFTER INSERT ON decision REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT
        INSERT INTO refusal
        SELECT error('separation of duties: ' || actor || ' has voted on ' || request_id)
        FROM decision WHERE request_id IN (SELECT request_id FROM fresh)
        GROUP BY request_id, actor HAVING count(*) > 1
    """,
    "signature_refuses_the_barred": """
        AFTER INSERT ON signature REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT
        INSERT INTO refusal
        SELECT error('separation of duties: nobody decides for ' || on_behalf_of)
        FROM fresh JOIN request ON id = request_id
        WHERE on_behalf_of IS NOT NULL AND json_contains(barred, to_json(on_behalf_of))
    """,
    "request_refuses_approval_without_quorum": """
        AFTER UPDATE ON request REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT
        INSERT INTO refusal
        SELECT error('separation of duties: ' || id || ' lacks approvals')
        FROM fresh WHERE status = 'approved' AND quorum > (
            SELECT count(*) FROM decision
            WHERE request_id = id AND vote IN ('approve', 'approve_with_conditions'))
    """,
}
"""Triggers by name; a statement that breaks one of them fails with everything around it."""


def separation(*, again: bool = False) -> str:
    """Write the triggers that separate powers."""
    unless = "IF NOT EXISTS " if again else ""
    return "".join(f"CREATE TRIGGER {unless}{name} {body};" for name, body in SEPARATION.items())


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
                $barred, $quorum, $status, $tier, $version_sha256, $emergency, $supersedes)
            """,
            {
                "id": request.id,
                "version_id": request.version_id,
                "before": str(request.before),
                "to": str(request.to),
                "reason": writer(tx)(request.requested_by, request.reason),
                "requested_by": request.requested_by,
                "requested_at": utc(request.requested_at),
                "policy": request.policy,
                "policy_sha256": request.policy_sha256,
                "evidence": dump(list(request.evidence)),
                "bundle": request.bundle,
                "barred": dump(sorted(request.barred)),
                "quorum": request.quorum,
                "status": str(Status.OPEN),
                "tier": str(request.tier),
                "version_sha256": request.version_sha256,
                "emergency": request.emergency,
                "supersedes": request.supersedes,
            },
        )
    _add_decisions(tx, request, after=0)
    if request.status is not Status.OPEN:
        _set_status(tx, request)


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
    _add_decisions(tx, request, after=expected)
    _set_status(tx, request)


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
    read = reader(con)
    found = con.execute(
        """
        SELECT
            request.*,
            list({actor: actor, decided_at: decided_at, vote: vote, reason: decision.reason,
                  bundle: decision.bundle, content: signature.content} ORDER BY decision.position)
                FILTER (decision.position IS NOT NULL) AS decisions
        FROM request
        LEFT JOIN decision ON decision.request_id = id
        LEFT JOIN signature ON signature.request_id = id AND signature.position = decision.position
        WHERE ($id IS NULL OR id = $id)
            AND ($status IS NULL OR status = $status)
            AND ($version_id IS NULL OR version_id = $version_id)
        GROUP BY ALL ORDER BY number DESC
        """,
        {"id": request_id, "status": status, "version_id": version_id},
    )
    return [_request(row, read) for row in records(found)]


def _set_status(tx: Connection, request: Request) -> None:
    with _separated():
        tx.execute(
            "UPDATE request SET status = $status WHERE id = $id",
            {"status": str(request.status), "id": request.id},
        )


def _add_decisions(tx: Connection, request: Request, *, after: int) -> None:
    write = writer(tx)
    for position, decision in list(enumerate(request.decisions))[after:]:
        key: Record = {"request": request.id, "position": position}
        with _separated():
            tx.execute(
                """
                INSERT INTO decision
                VALUES ($request, $position, $by, $at, $vote, $reason, $bundle)
                """,
                key
                | {
                    "by": decision.by,
                    "at": utc(decision.at),
                    "vote": str(decision.vote),
                    "reason": write(decision.by, decision.reason),
                    "bundle": decision.bundle,
                },
            )
            tx.execute(
                "INSERT INTO signature VALUES ($request, $position, $on_behalf_of, $content)",
                key | {"on_behalf_of": decision.on_behalf_of, "content": _signed(decision, write)},
            )


@contextmanager
def _separated() -> Generator[None]:
    """Turn what a trigger refuses into a sentence.

    Raises
    ------
    FourEyesViolation
        The statement would break the separation of duties.
    """
    try:
        yield
    except duckdb.InvalidInputException as error:
        _, found, sentence = str(error).partition("separation of duties: ")
        if not found:
            raise
        raise FourEyesViolation(sentence.splitlines()[0]) from error


def _signed(decision: Decision, write: Writer) -> str:
    """Write what a decision holds beside its vote."""
    content: Record = {
        "code": decision.code or Code.OTHER,
        "roles": sorted(decision.roles),
        "on_behalf_of": decision.on_behalf_of,
        "conditions": [
            asdict(c) | {"text": write(decision.by, c.text), "due_at": utc(c.due_at).isoformat()}
            for c in decision.conditions
        ],
        "signature": None,
    }
    if decision.signature is not None:
        signed = asdict(decision.signature)
        at, roles = utc(decision.signature.at).isoformat(), sorted(decision.signature.roles)
        content["signature"] = signed | {"at": at, "roles": roles}
    return dump(content)


def _decision(row: Record, read: Reader) -> Decision:
    # A decision from before there were signatures says no more than its vote.
    content: Record = load(row["content"]) if row["content"] else {}
    signed: Record | None = content.get("signature")
    return Decision(
        by=row["actor"],
        at=utc(row["decided_at"]),
        vote=Vote(row["vote"]),
        reason=str(read(row["reason"])),
        bundle=row["bundle"],
        code=Code(content.get("code", Code.OTHER)),
        roles=_roles(content.get("roles", [Role.APPROVER])),
        on_behalf_of=content.get("on_behalf_of"),
        conditions=tuple(_obligation(c, read) for c in content.get("conditions", ())),
        signature=_signature(signed) if signed else None,
    )


def _obligation(content: Record, read: Reader) -> Obligation:
    due = datetime.fromisoformat(content["due_at"])
    typed: Record = {"severity": Severity(content["severity"]), "due_at": due}
    typed["text"] = read(content["text"])
    return Obligation(**content | typed)


def _signature(content: Record) -> Signature:
    typed: Record = {
        "at": datetime.fromisoformat(content["at"]),
        "roles": _roles(content["roles"]),
        "meaning": Meaning(content["meaning"]),
    }
    return Signature(**content | typed)


def _roles(names: Iterable[str]) -> frozenset[Role]:
    return frozenset(Role(name) for name in names)


def _request(row: Record, read: Reader) -> Request:
    return Request(
        id=row["id"],
        version_id=row["version_id"],
        before=Stage(row["before"]),
        to=Stage(row["target"]),
        reason=str(read(row["reason"])),
        requested_by=row["requested_by"],
        requested_at=row["requested_at"],
        policy=row["policy"],
        policy_sha256=row["policy_sha256"],
        evidence=tuple(load(row["evidence"])),
        bundle=row["bundle"],
        barred=frozenset(load(row["barred"])),
        quorum=row["quorum"],
        status=Status(row["status"]),
        decisions=tuple(_decision(one, read) for one in row["decisions"] or ()),
        tier=Tier(row["tier"]),
        version_sha256=row["version_sha256"],
        emergency=row["emergency"],
        supersedes=row["supersedes"],
    )
