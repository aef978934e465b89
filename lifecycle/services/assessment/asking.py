"""Ask for an assessment: who may, on which rows, against which plan, and with what known before."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.dataset import ColumnRole, Snapshot
from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.model import Columns, Stage, Task, Version
from lifecycle.domain.written import written
from lifecycle.errors import InvalidInput
from lifecycle.services import plans, sensitive_data
from lifecycle.services.access.places import require_for
from lifecycle.services.assessment.measuring import check_fairness
from lifecycle.services.assessment.work import Work
from lifecycle.services.plans import Override, Plan
from lifecycle.services.validation import Runnable
from lifecycle.store import artifacts, datasets, evidence, models, sensitive
from lifecycle.store.connection import Connection, Workspace
from lifecycle.store.plans import FixedPlan

RUNS = "skops"
"""The format of the model files that can be run."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, after everything that can be refused at once was.

    Parameters
    ----------
    again
        The evidence to be reproduced, if that is what it is for.
    """

    version: Version
    snapshot: Snapshot
    plan: Plan
    fixed: FixedPlan
    override: Override | None
    again: str | None = None

    @property
    def settings(self) -> dict[str, object]:
        """What a job of it is given."""
        return {
            "version": self.version.id,
            "snapshot": self.snapshot.id,
            "plan": dict(self.plan.content),
            "fixed": self.fixed.label,
            "override": written(self.override),
            "again": self.again,
        }


def read_plan(plan: Plan | Path | str) -> Plan:
    """Return a plan from a file's path or from YAML text; a plan itself is returned as it is."""
    if isinstance(plan, Plan):
        return plan
    return plans.read(plan) if isinstance(plan, Path) else plans.parse(plan)


def ask(
    ws: Workspace,
    model_id: str,
    version: str,
    *,
    snapshot: str,
    plan: Plan,
    override: str,
    again: str | None = None,
    by: Actor,
    at: datetime,
) -> Asked:
    """Check what is asked for, and fix its plan if nobody did before.

    Raises
    ------
    InvalidInput
        The snapshot lacks a column the plan needs, or the plan judges otherwise than one whose
        results are known and nobody says why.
    NotFound
        There is no such version or snapshot.
    DamagedStore
        The snapshot's file is not the one that was kept.
    """
    con = ws.cursor()
    require_for(con, model_id, Permission.ASSESS, by=by)
    assessed, rows = models.version(con, model_id, version), datasets.snapshot(con, snapshot)
    work = work_of(ws, con, assessed, rows, plan)
    if plan.statistics.get(Purpose.FAIRNESS):
        check_fairness(work, plan)
    sensitive_data.refuse_deleted(con, rows, _compared(assessed, plan))
    artifacts.verify(ws, rows.artifact)
    departs = plans.override(
        con, plan, model_id=model_id, snapshot_id=rows.id, reason=override, by=by.name, at=at
    )
    return Asked(assessed, rows, plan, plans.fix(ws, plan, by=by, at=at), departs, again)


def ask_again(
    ws: Workspace, model_id: str, version: str, *, kept: str, by: Actor, at: datetime
) -> Asked:
    """Ask for what evidence says once more, with its own plan on its own rows.

    Raises
    ------
    InvalidInput
        The evidence is another version's, or nothing that a plan asked for.
    """
    found = evidence.get(ws.cursor(), kept)
    if found.version_id != f"{model_id}/{version}" or found.snapshot_id is None:
        raise InvalidInput(f"{kept} is evidence of {found.version_id}, not of {model_id}/{version}")
    plan = plan_of(found)
    only = replace(plan, statistics={found.purpose: plan.statistics[found.purpose]})
    said = f"{kept} is measured again"
    asked = ask(
        ws,
        model_id,
        version,
        snapshot=found.snapshot_id,
        plan=plan,
        override=said,
        again=kept,
        by=by,
        at=at,
    )
    return replace(asked, plan=only)


def plan_of(kept: Evidence) -> Plan:
    """Return the plan that evidence was measured against.

    Raises
    ------
    InvalidInput
        It was not measured against a plan.
    """
    content = {k: v for k, v in kept.plan.items() if k not in {plans.FIXED, plans.OVERRIDE}}
    if "statistics" not in content:
        raise InvalidInput(f"{kept.id} is {kept.purpose} evidence, which no plan asked for")
    return plans.from_mapping(content)


def work_of(
    ws: Workspace, con: Connection, version: Version, snapshot: Snapshot, plan: Plan
) -> Work:
    """Put together what measuring needs to know, all of it files and settings.

    Raises
    ------
    InvalidInput
        The snapshot lacks a column that the plan needs.
    """
    task = models.get(con, version.model_id).task
    features = version.columns.features or snapshot.named(ColumnRole.FEATURE)
    there = sensitive_data.held(con, snapshot)
    known = tuple(name for name in version.columns.sensitive if name in there)
    gone = sensitive_data.deleted(con, snapshot.id)
    named = tuple(name for name in version.columns.sensitive if name not in gone)
    work = Work(
        version_id=version.id,
        snapshot_id=snapshot.id,
        task=task,
        file=str(artifacts.path(ws, snapshot.artifact).absolute()),
        columns=_answers(version, snapshot),
        sensitive=named,
        features=features,
        apart=tuple(str(part) for part in apart_of(ws, con, version, snapshot, plan)),
        shown_from=ws.shown_from,
    )
    if not plan.statistics.get(Purpose.VALIDATION):
        return _answered(work, version)
    model = runnable(ws, version, task=task, features=features)
    counted = any(names for p, names in plan.statistics.items() if p is not Purpose.VALIDATION)
    lacking = next((name for name in features if name not in there), None)
    if lacking is not None:
        raise InvalidInput(
            f"snapshot {snapshot.id} has no column {lacking!r}, which {version.id} takes"
        )
    work = replace(
        work,
        sensitive=named if counted else known,
        model=model,
        champion=_champion(ws, con, version, plan, task=task),
        training=_training(ws, con, version),
    )
    return _answered(work, version) if counted or model is None else work


def _compared(version: Version, plan: Plan) -> set[str]:
    """Return the columns by which a plan wants rows compared."""
    wanted = {*plan.slices, *plan.groups.control, *plan.trials.slices}
    if plan.statistics.get(Purpose.FAIRNESS):
        wanted |= {*(plan.sensitive or version.columns.sensitive)}
    return wanted


def columns_read(version: Version, plan: Plan) -> set[str]:
    """Return the columns that an assessment may read though they are kept apart."""
    wanted = _compared(version, plan)
    if plan.statistics.get(Purpose.VALIDATION):
        wanted |= {*version.columns.sensitive, *version.columns.features}
    return wanted


def apart_of(
    ws: Workspace, con: Connection, version: Version, snapshot: Snapshot, plan: Plan
) -> tuple[Path, ...]:
    """Return the files with the protected attributes that a plan asks for."""
    apart = sensitive_data.of_snapshot(ws, con, snapshot)
    return apart.parts(sorted(columns_read(version, plan)))


def runnable(
    ws: Workspace, version: Version, *, task: Task, features: tuple[str, ...] = ()
) -> Runnable | None:
    """Return a version's model file with what it is called with; ``None`` if none can run."""
    if version.artifact is None or version.artifact_format != RUNS:
        return None
    artifacts.verify(ws, version.artifact)
    columns = version.columns
    return Runnable(
        version.id,
        str(artifacts.path(ws, version.artifact).absolute()),
        task,
        columns.features or features,
        columns.positive,
        columns.threshold,
        columns.sensitive,
    )


def _champion(
    ws: Workspace, con: Connection, version: Version, plan: Plan, *, task: Task
) -> Runnable | None:
    """Return the version to compare with: the plan's, or the one in production."""
    if plan.trials.champion is not None:
        found = models.version(con, version.model_id, plan.trials.champion)
        return runnable(ws, found, task=task)
    live = [v for v in models.versions(con, version.model_id) if v.stage is Stage.PRODUCTION]
    return runnable(ws, live[0], task=task) if live else None


def _training(ws: Workspace, con: Connection, version: Version) -> str | None:
    """Return the rows a version was trained on, where they hold its outcome and features."""
    if version.training is None:
        return None
    snapshot = datasets.snapshot(con, version.training)
    there = {c.name for c in snapshot.columns}
    there -= {name for part in sensitive.parts(con, snapshot.id) for name in part.columns}
    if not {version.columns.target, *version.columns.features} <= there:
        return None
    artifacts.verify(ws, snapshot.artifact)
    return str(artifacts.path(ws, snapshot.artifact).absolute())


def asked_of(con: Connection, settings: Mapping[str, object]) -> tuple[Version, Snapshot, Plan]:
    """Read a job's settings back."""
    content = settings["plan"]
    if not isinstance(content, Mapping):
        raise InvalidInput("the job holds no plan")
    plan = plans.from_mapping(content)
    again = settings.get("again")
    if again:
        purpose = evidence.get(con, str(again)).purpose
        plan = replace(plan, statistics={purpose: plan.statistics[purpose]})
    version = models.version_by_id(con, str(settings["version"]))
    return version, datasets.snapshot(con, str(settings["snapshot"])), plan


def _answers(version: Version, snapshot: Snapshot) -> Columns:
    """Return the version's columns with the answers that the snapshot holds."""
    there = {column.name for column in snapshot.columns}
    columns = version.columns
    if columns.target not in there:
        raise InvalidInput(
            f"snapshot {snapshot.id} has no column {columns.target!r}, the target of {version.id}"
        )
    score = columns.score if columns.score in there else None
    prediction = columns.prediction if columns.prediction in there else None
    return replace(columns, score=score, prediction=prediction)


def _answered(work: Work, version: Version) -> Work:
    """Refuse rows that hold no answers of the version."""
    if work.columns.score is None and work.columns.prediction is None:
        columns = version.columns
        wanted = " or ".join(repr(c) for c in (columns.prediction, columns.score) if c)
        raise InvalidInput(
            f"snapshot {work.snapshot_id} holds no answers of {version.id}: add a snapshot with "
            f"the column {wanted or 'of its predictions, and register a version that names it'}"
        )
    return work
