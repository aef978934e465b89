"""What follows a decision: approvals and their standing, findings, delegations, discussion."""

from dataclasses import asdict, dataclass
from datetime import datetime

from lifecycle.domain.delegation import Delegation
from lifecycle.domain.finding import Finding, Kind, Progress, Severity
from lifecycle.domain.model import Stage
from lifecycle.domain.standing import Approval, Standing
from lifecycle.domain.terms import Effect
from lifecycle.store.cells import Connection, Record, dump, first, load, records, utc
from lifecycle.store.naming import not_found
from lifecycle.store.schema import append_only
from lifecycle.store.shredding import Reader, reader, writer

TABLES = f"""
CREATE TABLE approval (
    request_id VARCHAR PRIMARY KEY,
    version_id VARCHAR NOT NULL,
    stage VARCHAR NOT NULL,
    granted_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ,
    standing VARCHAR NOT NULL,
    effect VARCHAR,
    reasons VARCHAR NOT NULL,
    changed_at TIMESTAMPTZ
);
CREATE TABLE finding (
    id VARCHAR PRIMARY KEY,
    kind VARCHAR NOT NULL,
    request_id VARCHAR,
    version_id VARCHAR NOT NULL,
    text VARCHAR NOT NULL,
    severity VARCHAR NOT NULL,
    owner VARCHAR NOT NULL,
    due_at TIMESTAMPTZ NOT NULL,
    opened_at TIMESTAMPTZ NOT NULL,
    opened_by VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    answer VARCHAR NOT NULL,
    answered_by VARCHAR,
    closed_by VARCHAR,
    closed_at TIMESTAMPTZ
);
CREATE TABLE delegation (
    id VARCHAR PRIMARY KEY,
    giver VARCHAR NOT NULL,
    taker VARCHAR NOT NULL,
    start_at TIMESTAMPTZ NOT NULL,
    end_at TIMESTAMPTZ NOT NULL,
    reason VARCHAR NOT NULL,
    revoked_at TIMESTAMPTZ
);
CREATE TABLE comment (
    request_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    author VARCHAR NOT NULL,
    said_at TIMESTAMPTZ NOT NULL,
    text VARCHAR NOT NULL,
    mentions VARCHAR NOT NULL,
    PRIMARY KEY (request_id, position)
);
CREATE TABLE notice (
    subject VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    given_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (subject, kind)
);
{append_only("comment")}
"""


@dataclass(frozen=True, slots=True)
class Comment:
    """Something said about a request, to whom it mentions."""

    request_id: str
    author: str
    at: datetime
    text: str
    mentions: tuple[str, ...] = ()


def put_approval(tx: Connection, approval: Approval) -> None:
    """Save an approval, new or with another standing."""
    tx.execute(
        """
        INSERT OR REPLACE INTO approval VALUES (
            $request_id, $version_id, $stage, $granted_at, $expires_at, $standing, $effect,
            $reasons, $changed_at)
        """,
        {
            "request_id": approval.request_id,
            "version_id": approval.version_id,
            "stage": str(approval.stage),
            "granted_at": utc(approval.granted_at),
            "expires_at": approval.expires_at and utc(approval.expires_at),
            "standing": str(approval.standing),
            "effect": str(approval.effect) if approval.effect else None,
            "reasons": dump(dict(approval.reasons)),
            "changed_at": approval.changed_at and utc(approval.changed_at),
        },
    )


def of_version(con: Connection, version_id: str | None = None) -> list[Approval]:
    """Return the approvals of a version, or of all, newest first."""
    found = con.execute(
        """
        SELECT * FROM approval WHERE $id IS NULL OR version_id = $id
        ORDER BY granted_at DESC, request_id DESC
        """,
        {"id": version_id},
    )
    return [_approval(row) for row in records(found)]


def _approval(row: Record) -> Approval:
    typed: Record = {
        "stage": Stage(row["stage"]),
        "standing": Standing(row["standing"]),
        "effect": Effect(row["effect"]) if row["effect"] else None,
        "reasons": load(row["reasons"]),
    }
    return Approval(**row | typed)


def next_finding(tx: Connection) -> str:
    """Return the id for the next finding, such as ``find-12``."""
    row = tx.execute("SELECT count(*) + 1 FROM finding").fetchall()[0]
    return f"find-{row[0]}"


def put_finding(tx: Connection, finding: Finding) -> None:
    """Save a finding, new or changed."""
    write = writer(tx)
    tx.execute(
        """
        INSERT OR REPLACE INTO finding VALUES (
            $id, $kind, $request_id, $version_id, $text, $severity, $owner, $due_at, $opened_at,
            $opened_by, $status, $answer, $answered_by, $closed_by, $closed_at)
        """,
        {
            k: str(v) if isinstance(v, Kind | Severity | Progress) else v
            for k, v in asdict(finding).items()
        }
        | {"due_at": utc(finding.due_at), "opened_at": utc(finding.opened_at)}
        | {
            "text": write(finding.opened_by, finding.text),
            "answer": write(finding.answered_by or "", finding.answer),
        },
    )


def finding(con: Connection, finding_id: str) -> Finding:
    """Return a finding.

    Raises
    ------
    NotFound
        There is none with that id.
    """
    row = first(con.execute("SELECT * FROM finding WHERE id = $id", {"id": finding_id}))
    if row is None:
        raise not_found("finding", finding_id, known=[f.id for f in findings(con)])
    return _finding(row, reader(con))


def findings(
    con: Connection, *, version_id: str | None = None, request_id: str | None = None
) -> list[Finding]:
    """Return findings, the earliest due first; of all versions and requests or of one."""
    read = reader(con)
    found = con.execute(
        """
        SELECT * FROM finding
        WHERE ($version_id IS NULL OR version_id = $version_id)
            AND ($request_id IS NULL OR request_id = $request_id)
        ORDER BY due_at, id
        """,
        {"version_id": version_id, "request_id": request_id},
    )
    return [_finding(row, read) for row in records(found)]


def _finding(row: Record, read: Reader) -> Finding:
    typed: Record = {
        "kind": Kind(row["kind"]),
        "severity": Severity(row["severity"]),
        "status": Progress(row["status"]),
        "text": read(row["text"]),
        "answer": read(row["answer"]),
    }
    return Finding(**row | typed)


def put_delegation(tx: Connection, delegation: Delegation) -> None:
    """Save a delegation, new or revoked."""
    tx.execute(
        """
        INSERT OR REPLACE INTO delegation
        VALUES ($id, $giver, $taker, $start, $end, $reason, $revoked_at)
        """,
        asdict(delegation)
        | {
            "start": utc(delegation.start),
            "end": utc(delegation.end),
            "revoked_at": delegation.revoked_at and utc(delegation.revoked_at),
            "reason": writer(tx)(delegation.giver, delegation.reason),
        },
    )


def next_delegation(tx: Connection) -> str:
    """Return the id for the next delegation, such as ``del-3``."""
    row = tx.execute("SELECT count(*) + 1 FROM delegation").fetchall()[0]
    return f"del-{row[0]}"


def delegation(con: Connection, delegation_id: str) -> Delegation:
    """Return a delegation.

    Raises
    ------
    NotFound
        There is none with that id.
    """
    known = {d.id: d for d in delegations(con)}
    if delegation_id not in known:
        raise not_found("delegation", delegation_id, known=known)
    return known[delegation_id]


def delegations(con: Connection) -> list[Delegation]:
    """Return all delegations, the newest first."""
    found = records(con.execute("SELECT * FROM delegation ORDER BY start_at DESC, id DESC"))
    read = reader(con)
    return [
        Delegation(
            id=row["id"],
            giver=row["giver"],
            taker=row["taker"],
            start=row["start_at"],
            end=row["end_at"],
            reason=str(read(row["reason"])),
            revoked_at=row["revoked_at"],
        )
        for row in found
    ]


def add_comment(tx: Connection, comment: Comment) -> None:
    """Keep something said about a request."""
    tx.execute(
        """
        INSERT INTO comment VALUES (
            $request_id, (SELECT count(*) FROM comment WHERE request_id = $request_id),
            $author, $at, $text, $mentions)
        """,
        asdict(comment)
        | {
            "at": utc(comment.at),
            "text": writer(tx)(comment.author, comment.text),
            "mentions": dump(list(comment.mentions)),
        },
    )


def comments(con: Connection, request_id: str | None = None) -> list[Comment]:
    """Return what was said about a request, or about all, in its order."""
    read = reader(con)
    found = con.execute(
        """
        SELECT request_id, author, said_at, text, mentions FROM comment
        WHERE $id IS NULL OR request_id = $id ORDER BY said_at, request_id, position
        """,
        {"id": request_id},
    )
    return [
        Comment(
            row["request_id"],
            row["author"],
            row["said_at"],
            str(read(row["text"])),
            tuple(load(row["mentions"])),
        )
        for row in records(found)
    ]


def noticed(con: Connection, subject: str, kind: str) -> bool:
    """Tell whether notice was given."""
    known = con.execute(
        "SELECT 1 FROM notice WHERE subject = $subject AND kind = $kind",
        {"subject": subject, "kind": kind},
    ).fetchone()
    return known is not None


def give_notice(tx: Connection, subject: str, kind: str, *, at: datetime) -> bool:
    """Remember that notice was given; false when it had been already."""
    done = tx.execute(
        """
        INSERT INTO notice VALUES ($subject, $kind, $at)
        ON CONFLICT DO NOTHING RETURNING subject
        """,
        {"subject": subject, "kind": kind, "at": utc(at)},
    ).fetchall()
    return bool(done)
