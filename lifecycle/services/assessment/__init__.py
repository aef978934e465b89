"""Does a version do what its plan asks on a snapshot: measured once, kept as evidence for ever.

Counting alone is done at once by `assess`; `start` asks for the same as a job, with progress, log
and limits, and whatever runs a model file is only ever done so.
"""

import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from lifecycle.domain.actor import Actor
from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.job import Job, JobState
from lifecycle.domain.written import written
from lifecycle.errors import CheckFailed, InvalidInput
from lifecycle.services import jobs, plans
from lifecycle.services.assessment.asking import (
    Asked,
    ask,
    ask_again,
    asked_of,
    plan_of,
    read_plan,
    work_of,
)
from lifecycle.services.assessment.judging import outcome
from lifecycle.services.assessment.keeping import keep, record_reading
from lifecycle.services.assessment.measuring import measure
from lifecycle.services.assessment.work import as_settings, from_json
from lifecycle.services.jobs import Kind
from lifecycle.services.plans import Plan
from lifecycle.store import artifacts, evidence
from lifecycle.store.connection import Connection, Workspace

__all__ = [
    "KIND",
    "KINDS",
    "against_plans",
    "assess",
    "finished",
    "outcome",
    "plan_of",
    "read_plan",
    "start",
    "start_again",
]

KIND = "assess"
RUN = "lifecycle.services.assessment.measuring:run"


def assess(
    ws: Workspace,
    model_id: str,
    version: str,
    *,
    snapshot: str,
    plan: Plan | Path,
    override: str = "",
    by: Actor,
    at: datetime,
) -> list[Evidence]:
    """Measure what a plan asks for and keep it as evidence, one record per purpose.

    Parameters
    ----------
    override
        Why the plan judges otherwise than one whose results on the same rows are known.

    Raises
    ------
    InvalidInput
        The plan cannot be read, the snapshot lacks a column it needs, or the plan departs from
        one whose results are known and nobody says why.
    NotFound
        There is no such version or snapshot.
    DamagedStore
        The snapshot's file is not the one that was kept.
    """
    asked = ask(
        ws,
        model_id,
        version,
        snapshot=snapshot,
        plan=read_plan(plan),
        override=override,
        by=by,
        at=at,
    )
    if asked.plan.statistics.get(Purpose.VALIDATION):
        raise InvalidInput("validation runs a model file, which only a job does: start one")
    work = work_of(ws, ws.cursor(), asked.version, asked.snapshot, asked.plan)
    with ws.transaction() as tx:
        record_reading(tx, asked.version, asked.snapshot, asked.plan, by=by, at=at)
    with tempfile.TemporaryDirectory(dir=ws.tmp) as folder:
        found = measure(work, asked.plan, folder=Path(folder), report=lambda _, __: None)
    with ws.transaction() as tx:
        return keep(
            tx,
            found,
            version=asked.version,
            snapshot=asked.snapshot,
            plan=asked.plan,
            fixed=asked.fixed,
            override=written(asked.override),
            again=None,
            by=by,
            at=at,
        )


def start(
    ws: Workspace,
    model_id: str,
    version: str,
    *,
    snapshot: str,
    plan: Plan | Path,
    override: str = "",
    by: Actor,
    at: datetime,
) -> Job:
    """Ask for an assessment as a job; refuses what `assess` refuses, before there is a job."""
    asked = ask(
        ws,
        model_id,
        version,
        snapshot=snapshot,
        plan=read_plan(plan),
        override=override,
        by=by,
        at=at,
    )
    return _submitted(ws, asked, by=by, at=at)


def start_again(
    ws: Workspace, model_id: str, version: str, *, kept: str, by: Actor, at: datetime
) -> Job:
    """Ask for evidence to be measured again; the new record says whether it was reproduced."""
    asked = ask_again(ws, model_id, version, kept=kept, by=by, at=at)
    return _submitted(ws, asked, by=by, at=at)


def finished(con: Connection, ended: Job) -> list[Evidence]:
    """Return the evidence that an assessment's job left.

    Raises
    ------
    CheckFailed
        The job failed, was cancelled or got lost; the sentence says why.
    """
    if ended.state is not JobState.DONE or ended.result is None:
        raise CheckFailed(f"{ended.id} is {ended.state}: {ended.note}")
    return [evidence.get(con, one) for one in ended.result.split()]


def against_plans(con: Connection, version_id: str) -> list[Evidence]:
    """Return a version's newest evidence of each purpose that a plan asked for."""
    found = evidence.newest(con, version_id)
    return [e for e in found if e.purpose in plans.PURPOSES and "statistics" in e.plan]


def _submitted(ws: Workspace, asked: Asked, *, by: Actor, at: datetime) -> Job:
    subject = f"version:{asked.version.id}"
    return jobs.submit(ws, KIND, subject=subject, settings=asked.settings, by=by, at=at)


def _prepare(ws: Workspace, job: Job) -> Mapping[str, object]:
    """Tell the worker where the rows lie, after checking them against their hash."""
    version, snapshot, plan = asked_of(ws.cursor(), job.settings)
    artifacts.verify(ws, snapshot.artifact)
    given = as_settings(work_of(ws, ws.cursor(), version, snapshot, plan), plan)
    return given | {"purposes": [str(purpose) for purpose in plan.statistics]}


def _keep(
    ws: Workspace, tx: Connection, job: Job, result: Mapping[str, Any], folder: Path, at: datetime
) -> str:
    """Write a worker's results as evidence."""
    del ws, folder  # everything is in the result
    version, snapshot, plan = asked_of(tx, job.settings)
    override, again = job.settings.get("override"), job.settings.get("again")
    by = Actor(job.owner, frozenset(), via="job")
    made = keep(
        tx,
        [from_json(one) for one in result["found"]],
        version=version,
        snapshot=snapshot,
        plan=plan,
        fixed=plans.fixed(tx, plan, by=by, at=at),
        override=override if isinstance(override, Mapping) else None,
        again=str(again) if again else None,
        by=by,
        at=at,
    )
    return " ".join(one.id for one in made)


def _begin(tx: Connection, job: Job, at: datetime) -> None:
    """Write down which protected attributes the worker is about to read."""
    version, snapshot, plan = asked_of(tx, job.settings)
    by = Actor(job.owner, frozenset(), via="job")
    record_reading(tx, version, snapshot, plan, by=by, at=at)


KINDS: Mapping[str, Kind] = {KIND: Kind(prepare=_prepare, keep=_keep, run=RUN, begin=_begin)}
"""For the runner: how assessments start and what is kept of them."""
