"""Does a killed process lose a decision it acknowledged, or leave half of one behind?

    python benchmarks/durability.py [--kills 100] [--threads 4] [--readers 2] [--longest 3]

Again and again a process decides requests from several threads, while others read queue, trail and
dates, and is killed with SIGKILL at a random moment. Another process then opens the workspace and
compares what was acknowledged with what is kept: requests, decisions, stages of versions, and the
audit trail with its signatures.
"""

import argparse
import contextlib
import os
import random
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import uuid4

from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.approval import Status, Vote
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.measurement import Measurement, State
from lifecycle.domain.model import Columns, Model, ModelKind, Stage, Task, Version
from lifecycle.domain.person import Person
from lifecycle.domain.usecase import Tier, UseCase
from lifecycle.services import approvals, asof, policies, trail, workspaces
from lifecycle.store import audit, evidence, models, people, requests, usecases
from lifecycle.store import policies as published
from lifecycle.store.connection import Workspace

DEV = Actor("dev", frozenset({Role.DEVELOPER}), via="sample")
APP = Actor("app", frozenset({Role.APPROVER}), via="sample")
AUDITOR = Actor("aud", frozenset({Role.AUDITOR}), via="sample")
PAUSE = 0.3
"""Seconds between two looks of a reader."""
POLICY = """
name: house
version: "kill-1"
description: one approval on a measured limit
tiers:
  high:
    validated:
      rules:
        - {rule: limit, purpose: performance, statistic: roc_auc, minimum: 0.7}
"""


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--kills", type=int, default=100)
    arguments.add_argument("--threads", type=int, default=4)
    arguments.add_argument("--readers", type=int, default=2)
    arguments.add_argument("--longest", type=float, default=3, help="seconds before a kill")
    given = arguments.parse_args()
    chance = random.Random(0)  # noqa: S311 -- when to kill is no secret
    acknowledged: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "ws"
        if in_a_process(partial(found, home)):
            return 1
        for kill in range(1, given.kills + 1):
            after = chance.uniform(0, given.longest)
            acknowledged += killed(home, threads=given.threads, readers=given.readers, after=after)
            if in_a_process(partial(compare, home, acknowledged)):
                print(f"after kill {kill} something was wrong")
                return 1
    print(f"{given.kills} kills, {len(acknowledged)} acknowledged decisions, none lost, none half")
    return 0


def in_a_process(work: Callable[[], int]) -> int:
    """Do something in a process of its own, so that this one never has the database open."""
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            code = work()
        except BaseException:  # noqa: BLE001 -- whatever it is, this process must end here
            traceback.print_exc()
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def killed(home: Path, *, threads: int, readers: int, after: float) -> list[str]:
    """Let a process decide until it is killed; return the requests it acknowledged."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        with contextlib.suppress(BaseException):
            decide_for_ever(home, threads=threads, readers=readers, told=writing)
        os._exit(70)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        first = told.readline()  # it is at work
        time.sleep(after)
        os.kill(pid, signal.SIGKILL)
        lines = (first + told.read()).split(b"\n")
    os.waitpid(pid, 0)
    return [line.decode() for line in lines[:-1] if line]  # the last may be cut off


def decide_for_ever(home: Path, *, threads: int, readers: int, told: int) -> None:
    workspace = workspaces.open(home)

    def work() -> None:
        while True:
            os.write(told, f"{decide_one(workspace)}\n".encode())

    def look() -> None:
        while True:
            con, now = workspace.cursor(), datetime.now(UTC)
            approvals.queue(con, APP, at=now)
            audit.search(con, text="sound", limit=50)
            asof.as_of(workspace, now, model_id="credit", by=AUDITOR, now=now)
            time.sleep(PAUSE)

    started = [threading.Thread(target=work) for _ in range(threads)]
    started += [threading.Thread(target=look) for _ in range(readers)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()


def decide_one(workspace: Workspace) -> str:
    """Register a version, ask for it and approve it: three transactions."""
    at, name = datetime.now(UTC), uuid4().hex
    version = Version("credit", name, Stage.CANDIDATE, "dev", at, Columns(target="y"))
    measured = (Measurement("roc_auc", 0.8, State.OK, n=1000, limit=0.7),)
    proof = Evidence(version.id, Purpose.PERFORMANCE, "d@1", measured, at, "val")
    with workspace.transaction() as tx:
        models.add_version(tx, version)
        evidence.add(tx, proof)
        event = AuditEvent("version.add", f"version:{version.id}", "dev", at)
        audit.append(tx, event)
        details = {"before": "draft", "after": "candidate", "request": None}
        moved = AuditEvent("version.move", f"version:{version.id}", "dev", at, details=details)
        audit.append(tx, moved)
    asked = approvals.request(
        workspace, "credit", name, to=Stage.VALIDATED, reason="ready", by=DEV, at=at
    )
    vote = Vote.APPROVE
    return approvals.decide(workspace, asked.id, vote=vote, reason="sound", by=APP, at=at).id


def compare(home: Path, acknowledged: list[str]) -> int:
    """Return 1 and say what is wrong, unless everything acknowledged is there and whole."""
    with workspaces.open(home) as workspace:
        con = workspace.cursor()
        kept = {asked.id: asked for asked in requests.every(con)}
        wrong = [f"{name} is lost" for name in acknowledged if name not in kept]
        wrong += [
            f"{name} was acknowledged and is {kept[name].status}"
            for name in acknowledged
            if name in kept and kept[name].status is not Status.APPROVED
        ]
        now = datetime.now(UTC)
        told = asof.as_of(workspace, now, by=AUDITOR, now=now).told
        by_version = {version.version_id: version for version in told.versions}
        for asked in kept.values():
            then, approved = by_version[asked.version_id], asked.status is Status.APPROVED
            stage = models.version_by_id(con, asked.version_id).stage
            whole = approved == (len(asked.decisions) == 1) == (stage is Stage.VALIDATED)
            if not whole or then.stage is not stage:
                wrong.append(f"{asked.id} is half written: {asked.status}, version {stage}")
        wrong += [finding.sentence for finding in trail.verify(workspace, by=AUDITOR)]
    for sentence in wrong[:10]:
        print(sentence, flush=True)
    return 1 if wrong else 0


def found(home: Path) -> int:
    """Make the workspace everything happens in."""
    at = datetime.now(UTC)
    workspace, _ = workspaces.create(home, admin=None, at=at, sample=True)
    answers = {"practice": "no", "domain": "credit", "effect": "decides", "interaction": "no"}
    with workspace, workspace.transaction() as tx:
        for actor in (DEV, APP, AUDITOR):
            people.add(tx, Person(actor.name, actor.name, actor.roles, created_at=at))
        house = policies.read(POLICY)
        published.add(tx, house, at=at, by="root@local")
        details = {"sha256": house.sha256}
        subject = f"policy:{house.label}"
        audit.append(tx, AuditEvent("policy.publish", subject, "root@local", at, details=details))
        usecases.add(
            tx,
            UseCase("credit", "Credit", "Who repays", "o", "s", at, Tier.HIGH, "2026-11", answers),
        )
        models.add(
            tx,
            Model("credit", "credit", "Card", ModelKind.PREDICTIVE, Task.BINARY, "o", "rank", at),
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
