"""Is the audit trail still what was written, here or in a copy somebody took along."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.audit import GENESIS, AuditEvent, Finding, Link, canonical, plain
from lifecycle.domain.audit import verify as findings_of
from lifecycle.errors import InvalidInput
from lifecycle.store import audit
from lifecycle.store.connection import Workspace

FORMAT = "lifecycle-audit-trail/1"


def verify(workspace: Workspace, *, by: Actor) -> list[Finding]:
    """Follow the chain and compare its end with the hash kept outside the database.

    Returns
    -------
    list
        What is wrong and where; empty when every event stands as it was written.
    """
    by.require(Permission.READ_TRAIL)
    # The anchor first: it never runs ahead of the chain, so a commit in between does no harm.
    kept = workspace.kept_head()
    return findings_of(audit.links(workspace.cursor()), head=kept)


def export(workspace: Workspace, file: Path, *, by: Actor, at: datetime) -> tuple[int, str]:
    """Write the trail as JSON lines, its own export as the last event.

    Returns
    -------
    tuple
        Sequence and hash of the last event: kept elsewhere, they prove the copy later.

    Raises
    ------
    InvalidInput
        The file cannot be written.
    """
    by.require(Permission.READ_TRAIL)
    part = file.with_name(f".{file.name}.{uuid4().hex}.part")
    try:
        if workspace.damage:  # nothing can be recorded, and a copy is needed all the more
            links = audit.links(workspace.cursor())
            _write(part, links, at=at)
        else:
            with workspace.transaction() as tx:
                event = AuditEvent("trail.export", "trail", by.name, at, via=by.via)
                audit.append(tx, event)
                links = audit.links(tx)
                _write(part, links, at=at)
        part.replace(file)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    return _head(links)


def verify_file(path: Path) -> list[Finding]:
    """Check an exported trail without the workspace it came from.

    Raises
    ------
    InvalidInput
        It cannot be read as an export; the sentence names the line.
    """
    try:
        # Not splitlines: a reason may hold a line separator that JSON leaves as it is.
        lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} cannot be read as an exported trail") from error
    content = _parsed(path, lines)
    header = next(content, {})
    if header.get("format") != FORMAT:
        raise InvalidInput(f"{path} line 1: this is no exported trail of format {FORMAT}")
    try:
        head = (int(header["sequence"]), str(header["hash"]))
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput(f"{path} line 1: the header lacks the head of the trail") from error
    links = [_link(path, number, value) for number, value in enumerate(content, start=2)]
    return findings_of(links, head=head)


def _write(file: Path, links: list[Link], *, at: datetime) -> None:
    sequence, last = _head(links)
    header = {"format": FORMAT, "sequence": sequence, "hash": last, "exported_at": plain(at)}
    with file.open("w", encoding="utf-8") as out:
        out.write(canonical(header) + "\n")
        out.writelines(canonical(plain(link)) + "\n" for link in links)


def _head(links: list[Link]) -> tuple[int, str]:
    return (links[-1].sequence, links[-1].hash) if links else (0, GENESIS)


def _parsed(path: Path, lines: list[str]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, start=1):
        try:
            value = json.loads(line)
        except ValueError as error:
            raise InvalidInput(f"{path} line {number} is not JSON") from error
        if not isinstance(value, dict):
            raise InvalidInput(f"{path} line {number} holds no event")
        yield value


def _link(path: Path, number: int, value: dict[str, Any]) -> Link:
    try:
        event = dict(value["event"])
        event["at"] = datetime.fromisoformat(event["at"])
        return Link(
            sequence=int(value["sequence"]),
            event=AuditEvent(**event),
            previous=str(value["previous"]),
            hash=str(value["hash"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput(f"{path} line {number} holds no event") from error
