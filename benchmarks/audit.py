"""How long does it take to verify a million audit events, here and from an export?

    python benchmarks/audit.py [--events 1000000]

Makes a workspace in a temporary folder, fills its trail as the product would have written it, and
verifies it: in the workspace, as an export, and as exports of which somebody changed the first
event or one near the end. Each is done in a process of its own, whose peak of memory is told.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import pyarrow as pa

from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.audit import AuditEvent, Link, follow
from lifecycle.services import sealing, trail
from lifecycle.store.cells import dump
from lifecycle.store.connection import Workspace

START = datetime(2024, 1, 1, tzinfo=UTC)
AUDITOR = Actor("audrey", frozenset({Role.AUDITOR}))
PORTION = 50_000
HASH = "5f" * 32


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--events", type=int, default=1_000_000)
    events: int = arguments.parse_args().events
    with tempfile.TemporaryDirectory() as folder:
        home, file = Path(folder) / "ws", Path(folder) / "trail.jsonl"
        apart(lambda: made(home, file, events))
        apart(lambda: timed("in the workspace", lambda: verified(home)))
        apart(lambda: timed("as an export", lambda: len(trail.verify_file(file))))
        for line, where in ((1, "the first"), (events - events // 50, "a late")):
            changed = file.with_suffix(f".{line}")
            tamper(file, changed, line=line)
            apart(
                partial(
                    timed,
                    f"as an export with {where} event changed",
                    lambda changed=changed: len(trail.verify_file(changed)),
                )
            )
            changed.unlink()


def apart(work: Callable[[], None]) -> None:
    """Do something in a process of its own, so that its peak of memory is its own."""
    process = get_context("fork").Process(target=work)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(process.exitcode)


def made(home: Path, file: Path, events: int) -> None:
    with Workspace.create(home, at=START) as workspace:
        fill(workspace, events)
        trail.export(workspace, file, by=AUDITOR, at=START)


def verified(home: Path) -> int:
    with Workspace.open(home) as workspace:
        return len(trail.verify(workspace, by=AUDITOR))


def timed(what: str, verify: Callable[[], int]) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    findings = verify()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{what}: {cpu:.1f} CPU-s, {wall:.1f} s, {findings} findings, peak {peak:.0f} MB")


def fill(workspace: Workspace, events: int) -> None:
    """Write links as the store does, but many at once; the product writes them one by one."""
    last: Link | None = None
    for first in range(0, events, PORTION):
        rows: list[tuple[object, ...]] = []
        for number in range(first, min(first + PORTION, events)):
            last = follow(event(number), last=last)
            e = last.event
            row = (last.sequence, e.action, e.subject, e.by, e.at, e.reason, e.via)
            rows.append((*row, dump(e.details), last.previous, last.hash))
        names = ("sequence", "action", "subject", "actor", "happened_at", "reason", "via")
        names = (*names, "details", "previous", "hash")
        columns = [list(column) for column in zip(*rows, strict=True)]
        table = pa.table(dict(zip(names, columns, strict=True)))
        with workspace.transaction() as tx:
            tx.register("incoming", table)
            tx.execute("INSERT INTO audit SELECT * FROM incoming")
            tx.unregister("incoming")
    sealing.seal(workspace, at=START + timedelta(seconds=events))


def event(number: int) -> AuditEvent:
    """Make an event as large as that of a decision, which tells of no record beside the trail.

    Records that events tell of are held against the tables; a decision costs about twice as much.
    """
    details = {"version": f"credit-{number % 900}/3", "to": "production", "status": "approved"}
    return AuditEvent(
        action="monitor.run",
        subject=f"version:credit-{number % 900}/3",
        by="april",
        at=START + timedelta(seconds=number),
        reason="The evidence is sound and the limits hold.",
        details={**details, "bundle": HASH, "policy": "house 3", "evidence": [HASH, HASH]},
    )


def tamper(file: Path, changed: Path, *, line: int) -> None:
    """Copy an export with another actor in one line."""
    with file.open(encoding="utf-8") as lines, changed.open("w", encoding="utf-8") as out:
        for number, text in enumerate(lines):
            out.write(text.replace('"by":"april"', '"by":"adam"') if number == line else text)


if __name__ == "__main__":
    main()
