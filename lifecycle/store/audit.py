"""The audit trail: links of the chain are appended and read, never changed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import cast

from lifecycle.domain.audit import GENESIS, AuditEvent, Link, follow
from lifecycle.domain.person import ERASED
from lifecycle.store.cells import Connection, Record, dump, load, records, utc
from lifecycle.store.shredding import TEXT, Writer, reader, writer


def append(tx: Connection, event: AuditEvent) -> Link:
    """Link an event to the end of the chain, in the transaction of what it records."""
    # What is hashed must be what is read back: UTC, and details as JSON gives them.
    event = replace(event, at=utc(event.at), details=load(dump(event.details)))
    event = _covered(event, writer(tx))
    last = records(tx.execute("SELECT * FROM audit ORDER BY sequence DESC LIMIT 1"))
    link = follow(event, last=_link(last[0]) if last else None)
    tx.execute(
        """
        INSERT INTO audit
            (sequence, action, subject, actor, happened_at, reason, via, details, previous, hash)
        VALUES
            ($sequence, $action, $subject, $by, $at, $reason, $via, $details, $previous, $hash)
        """,
        {
            "sequence": link.sequence,
            "action": str(event.action),
            "subject": event.subject,
            "by": event.by,
            "at": event.at,
            "reason": event.reason,
            "via": event.via,
            "details": dump(event.details),
            "previous": link.previous,
            "hash": link.hash,
        },
    )
    return link


AUTHORED = frozenset({"conditions"})
"""Details that hold what the actor wrote, beside the reason."""


def _covered(event: AuditEvent, write: Writer) -> AuditEvent:
    """Seal what people wrote under its author's key, and the names of people under theirs."""

    def cover(value: object, *, authored: bool = False) -> object:
        if isinstance(value, str):
            return write(event.by if authored else value, value)
        if isinstance(value, Mapping):
            items = cast("Mapping[str, object]", value).items()
            return {k: cover(v, authored=authored or k in AUTHORED) for k, v in items}
        if isinstance(value, list):
            return [cover(v, authored=authored) for v in cast("list[object]", value)]
        return value

    details = cast("dict[str, object]", cover(event.details))
    return replace(event, reason=write(event.by, event.reason), details=details)


def head(con: Connection, *, at: datetime | None = None) -> tuple[int, str]:
    """Return sequence and hash of the last link; of an empty chain, zero and its origin.

    Parameters
    ----------
    at
        The last link that had happened by then, instead of the last of all.
    """
    row = con.execute(
        """
        SELECT sequence, hash FROM audit WHERE $at IS NULL OR happened_at <= $at
        ORDER BY sequence DESC LIMIT 1
        """,
        {"at": utc(at) if at else None},
    ).fetchone()
    return (int(row[0]), str(row[1])) if row else (0, GENESIS)


def links(con: Connection) -> list[Link]:
    """Return the whole chain as it was hashed, first link first."""
    # rowid keeps the order of writing among links that were made to share a number.
    found = records(con.execute("SELECT * FROM audit ORDER BY sequence, rowid"))
    return [_link(row) for row in found]


def until(con: Connection, at: datetime, *, model_id: str | None = None) -> list[AuditEvent]:
    """Return what happened to versions, requests and policies up to a time, in the chain's order.

    Parameters
    ----------
    model_id
        Only versions of this model and requests for them; policies in any case.
    """
    found = con.execute(
        """
        SELECT * FROM audit
        WHERE happened_at <= $at AND (
            starts_with(subject, 'policy:')
            OR (starts_with(subject, 'version:')
                AND ($model IS NULL OR starts_with(subject, 'version:' || $model || '/')))
            OR (starts_with(subject, 'request:')
                AND ($model IS NULL
                    OR starts_with(json_extract_string(details, '$.version'), $model || '/'))))
        ORDER BY sequence
        """,
        {"at": utc(at), "model": model_id},
    )
    return [link.event for link in _read(con, records(found))]


def last_of(con: Connection, action: str) -> dict[str, datetime]:
    """Return when an action last happened, by subject."""
    found = con.execute(
        "SELECT subject, max(happened_at) AS at FROM audit WHERE action = $action GROUP BY subject",
        {"action": action},
    )
    return {row["subject"]: row["at"] for row in records(found)}


def of_subjects(con: Connection, subjects: Iterable[str]) -> list[Link]:
    """Return the links about some subjects as they were hashed, first link first."""
    found = con.execute(
        "SELECT * FROM audit WHERE list_contains($subjects, subject) ORDER BY sequence",
        {"subjects": sorted(subjects)},
    )
    return [_link(row) for row in records(found)]


def stream(con: Connection, *, until: int | None = None) -> Iterator[Link]:
    """Give the whole chain, or its links up to one, in small portions of memory.

    Parameters
    ----------
    con
        A cursor of its own: what else is asked of it ends the stream.
    """
    # Portion by portion: a result of the whole trail would stand in memory before its first row.
    after = 0
    while (first := _next(con, after=after, until=until)) is not None:
        after = first + PORTION
        rows = con.execute(
            """
            SELECT sequence, action, subject, actor, happened_at, reason, via, details, previous,
                hash
            FROM audit
            WHERE sequence >= $first AND sequence < $after
                AND ($until IS NULL OR sequence <= $until)
            ORDER BY sequence, rowid
            """,
            {"first": first, "after": after, "until": until},
        ).fetchall()
        for sequence, action, subject, by, at, reason, via, details, previous, hash_ in rows:
            event = AuditEvent(action, subject, by, utc(at), reason, via, load(details))
            yield Link(sequence, event, previous, hash_)


def _next(con: Connection, *, after: int, until: int | None) -> int | None:
    """Return the lowest number from one on; below it there is nothing left to give."""
    row = con.execute(
        """
        SELECT min(sequence) FROM audit
        WHERE (sequence >= $after OR $after = 0) AND ($until IS NULL OR sequence <= $until)
        """,
        {"after": after, "until": until},
    ).fetchall()[0]
    return row[0]


PORTION = 10_000
"""Links held at once while streaming."""


def after(con: Connection, sequence: int) -> list[Link]:
    """Return the links behind one, first link first."""
    found = con.execute(
        "SELECT * FROM audit WHERE sequence > $n ORDER BY sequence", {"n": sequence}
    )
    return [_link(row) for row in records(found)]


def hashes(con: Connection, *, after: int = 0) -> list[str]:
    """Return the hashes of the links behind one, first link first."""
    found = con.execute(
        "SELECT hash FROM audit WHERE sequence > $n ORDER BY sequence", {"n": after}
    )
    return [str(row[0]) for row in found.fetchall()]


FILTERS = """
    ($by IS NULL OR actor = $by)
    AND ($subject IS NULL OR subject = $subject)
    AND ($action IS NULL OR action = $action OR starts_with(action, $action || '.'))
    AND ($start IS NULL OR happened_at >= $start)
    AND ($end IS NULL OR happened_at < $end)
    AND ($text IS NULL OR list_contains($sequences::BIGINT[], sequence)
        OR contains(lower(concat_ws(' ', action, subject, actor, reason, details)), lower($text)))
"""


def search(
    con: Connection,
    *,
    text: str | None = None,
    by: str | None = None,
    subject: str | None = None,
    action: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    limit: int = 100,
    offset: int = 0,
) -> list[Link]:
    """Return matching links, newest first, with what people wrote where it can be read.

    Parameters
    ----------
    text
        Occurs, in either case, in action, subject, actor, reason or details.
    action
        The whole action, or its first word: ``request`` finds ``request.approve``.
    start, end
        Half-open: ``start <= at < end``.
    """
    found = con.execute(
        f"""
        SELECT * FROM audit WHERE {FILTERS}
        ORDER BY sequence DESC LIMIT $limit OFFSET $offset
        """,
        _filters(con, text=text, by=by, subject=subject, action=action, start=start, end=end)
        | {"limit": limit, "offset": offset},
    )
    return _read(con, records(found))


def count(
    con: Connection,
    *,
    text: str | None = None,
    by: str | None = None,
    subject: str | None = None,
    action: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> int:
    """Count the links that `search` would find without a limit."""
    found = con.execute(
        f"SELECT count(*) AS links FROM audit WHERE {FILTERS}",
        _filters(con, text=text, by=by, subject=subject, action=action, start=start, end=end),
    )
    return int(records(found)[0]["links"])


def _filters(con: Connection, **given: str | datetime | None) -> dict[str, object]:
    found: dict[str, object] = {
        k: utc(v) if isinstance(v, datetime) else v for k, v in given.items()
    }
    text = str(given["text"] or "")
    return found | {"sequences": _sealed_with(con, text) if text else []}


def _sealed_with(con: Connection, text: str) -> list[int]:
    """Return the numbers of events whose sealed parts hold a text; no query can look into them."""
    read = reader(con)
    rows = con.execute(
        """
        SELECT sequence, reason, details FROM audit
        WHERE starts_with(reason, $sealed) OR contains(details, $sealed)
        """,
        {"sealed": TEXT},
    ).fetchall()
    return [
        sequence
        for sequence, reason, details in rows
        if text.lower() in f"{read(reason)} {dump(read(load(details)))}".lower()
    ]


def _read(con: Connection, rows: Iterable[Record]) -> list[Link]:
    """Read links with what people wrote in them, or that it can no longer be read."""
    texts, names = reader(con), reader(con, gone=ERASED)
    found: list[Link] = []
    for row in rows:
        link = _link(row)
        details = cast("dict[str, object]", names(link.event.details))
        event = replace(link.event, reason=str(texts(link.event.reason)), details=details)
        found.append(replace(link, event=event))
    return found


def events(con: Connection, rows: Iterable[Record]) -> list[AuditEvent]:
    """Read the events of rows of the trail, with what people wrote in them as far as it is left."""
    return [link.event for link in _read(con, rows)]


def hashed(rows: Iterable[Record]) -> list[Link]:
    """Read the links of rows of the trail as they were hashed."""
    return [_link(row) for row in rows]


def _event_of(row: Record) -> AuditEvent:
    return AuditEvent(
        action=row["action"],
        subject=row["subject"],
        by=row["actor"],
        at=row["happened_at"],
        reason=row["reason"],
        via=row["via"],
        details=load(row["details"]),
    )


def _link(row: Record) -> Link:
    return Link(row["sequence"], _event_of(row), row["previous"], row["hash"])
