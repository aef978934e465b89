"""Is the audit trail still what was written, here or in a copy somebody took along."""

import json
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

from lifecycle.adapters import keys
from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.audit import AuditEvent, Finding, Link, canonical, plain
from lifecycle.domain.checkpoint import Checkpoint
from lifecycle.domain.proof import Agreement, Examination
from lifecycle.domain.reconciliation import Ledger, disagreements
from lifecycle.errors import InvalidInput
from lifecycle.services import sealing
from lifecycle.services.access.places import require_everywhere
from lifecycle.services.examination import examine as judged
from lifecycle.store import audit, checkpoints, reconciliation, shredding
from lifecycle.store.connection import Connection, Workspace

FORMAT = "lifecycle-audit-trail/1"

_decode = json.JSONDecoder().decode


def examine(workspace: Workspace, *, by: Actor) -> Examination:
    """Follow the chain to the hash kept outside, check all signatures and the records beside it."""
    by.require(Permission.READ_TRAIL)
    # The anchor first: it never runs ahead of the chain, so a commit in between does no harm.
    kept, ledger = workspace.kept_head(), Ledger()
    with workspace.moment() as trail:  # a signature made meanwhile is about events not seen here
        found = judged(
            ledger.follow(audit.stream(trail)),
            head=kept,
            checkpoints=checkpoints.every(trail),
            public=checkpoints.public_keys(trail),
            trusted=False,
        )
        records = reconciliation.kept(trail)
    if found.integrity.findings:
        return found  # a broken chain tells nothing that records could be held against
    differing = disagreements(ledger.told, records)
    return replace(found, agreement=Agreement(len(records), tuple(differing)))


def verify(workspace: Workspace, *, by: Actor) -> list[Finding]:
    """Return what is wrong with the trail and where; nothing when all of it stands as written."""
    return examine(workspace, by=by).findings


def seal(workspace: Workspace, *, by: Actor, at: datetime) -> Checkpoint:
    """Sign the trail as it is now; kept elsewhere, the checkpoint shows what is cut off later."""
    by.require(Permission.READ_TRAIL)
    return sealing.seal(workspace, at=at)


def export(workspace: Workspace, file: Path, *, by: Actor, at: datetime) -> tuple[int, str]:
    """Write the trail as JSON lines, its own export as the last event, and that one signed.

    Returns
    -------
    tuple
        Sequence and hash of the last event: kept elsewhere, they prove the copy later.

    Raises
    ------
    InvalidInput
        The file cannot be written.
    NotAllowed
        The actor may not read the trail, or their roles are for part of the portfolio only.
    """
    require_everywhere(Permission.READ_TRAIL, by=by)
    part = file.with_name(f".{file.name}.{uuid4().hex}.part")
    try:
        part.touch()  # where nothing can be written, nothing is recorded either
        if not workspace.damage:  # otherwise nothing can be recorded, and a copy is needed no less
            key = sealing.signing_key(workspace)
            with workspace.transaction() as tx:
                sealing.introduce(tx, key=key, at=at)
                audit.append(tx, AuditEvent("trail.export", "trail", by.name, at, via=by.via))
                sealing.sign_end(tx, key=key, at=at)
                head = audit.head(tx)
        else:
            head = audit.head(workspace.cursor())
        _write(part, workspace.cursor(), head=head, at=at)
        part.replace(file)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    return head


def examine_file(
    path: Path, *, public: str | None = None, kept: Checkpoint | None = None
) -> Examination:
    """Check an exported trail without the workspace it came from.

    Parameters
    ----------
    public
        The public key to trust; without it the export's own keys are used, which shows only that
        the copy agrees with itself.
    kept
        A checkpoint that was kept elsewhere.

    Raises
    ------
    InvalidInput
        It cannot be read as an export; the sentence names the line.
    """
    with _lines(path) as lines:
        _, first = next(lines)
        header = _header(path, first)
        return judged(
            (_link(path, number, value) for number, value in lines),
            head=header.head,
            checkpoints=[*header.checkpoints, *([kept] if kept else [])],
            public={keys.id_of(public): public} if public else header.public,
            trusted=public is not None,
        )


def verify_file(path: Path) -> list[Finding]:
    """Return what is wrong with an exported trail and where."""
    return examine_file(path).findings


def checkpoint_of(text: str) -> Checkpoint:
    """Read a checkpoint that was kept as JSON.

    Raises
    ------
    InvalidInput
        It is none.
    """
    try:
        return _checkpoint(json.loads(text))
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput("this is no checkpoint as `lifecycle audit checkpoint` gives") from error


@dataclass(frozen=True, slots=True)
class _Header:
    head: tuple[int, str]
    public: Mapping[str, str]
    checkpoints: tuple[Checkpoint, ...]


def _write(file: Path, con: Connection, *, head: tuple[int, str], at: datetime) -> None:
    signed = [one for one in checkpoints.every(con) if one.sequence <= head[0]]
    header = {
        "format": FORMAT,
        "sequence": head[0],
        "hash": head[1],
        "exported_at": plain(at),
        "keys": checkpoints.public_keys(con),
        "checkpoints": plain(signed),
    }
    with file.open("w", encoding="utf-8") as out:
        out.write(canonical(header) + "\n")
        folder = shredding.folder_of(con)
        links = audit.stream(con, until=head[0])
        out.writelines(_line(folder, link) + "\n" for link in links)


def _line(folder: Path, link: Link) -> str:
    """Write a link as it was hashed, with what people wrote in it where that can be read."""
    event = plain(link.event)
    texts = shredding.opened(folder, event) if shredding.TEXT in canonical(event) else {}
    return canonical(plain(link) | ({"opened": texts} if texts else {}))  # type: ignore[operator] -- a record becomes a mapping


@contextmanager
def _lines(path: Path) -> Generator[Iterator[tuple[int, dict[str, Any]]]]:
    """Read the lines of an export as numbered records, one at a time."""
    try:
        # Only "\n" ends a line: a reason may hold a separator that JSON leaves as it is.
        with path.open(encoding="utf-8", newline="\n") as file:
            yield _parsed(path, chain([file.readline()], file))
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} cannot be read as an exported trail") from error


def _parsed(path: Path, lines: Iterable[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(lines, start=1):
        try:
            value = _decode(line)
        except ValueError as error:
            raise InvalidInput(f"{path} line {number} is not JSON") from error
        if not isinstance(value, dict):
            raise InvalidInput(f"{path} line {number} holds no event")
        yield number, cast("dict[str, Any]", value)


def _header(path: Path, value: dict[str, Any]) -> _Header:
    if value.get("format") != FORMAT:
        raise InvalidInput(f"{path} line 1: this is no exported trail of format {FORMAT}")
    try:
        return _Header(
            head=(int(value["sequence"]), str(value["hash"])),
            public={str(name): str(key) for name, key in value.get("keys", {}).items()},
            checkpoints=tuple(_checkpoint(one) for one in value.get("checkpoints", ())),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InvalidInput(f"{path} line 1: the header lacks the head of the trail") from error


def _checkpoint(value: Mapping[str, Any]) -> Checkpoint:
    return Checkpoint(
        sequence=int(value["sequence"]),
        hash=str(value["hash"]),
        root=str(value["root"]),
        at=datetime.fromisoformat(value["at"]),
        key=str(value["key"]),
        signature=str(value["signature"]),
    )


def _link(path: Path, number: int, value: dict[str, Any]) -> Link:
    try:
        event = dict(value["event"])
        for commitment, (salt, text) in value.get("opened", {}).items():
            if shredding.commitment(bytes.fromhex(salt), text) != commitment:
                event["reason"] = text  # so the chain names it as changed
        event["at"] = datetime.fromisoformat(event["at"])
        return Link(
            sequence=int(value["sequence"]),
            event=AuditEvent(**event),
            previous=str(value["previous"]),
            hash=str(value["hash"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput(f"{path} line {number} holds no event") from error
