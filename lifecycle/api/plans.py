"""Plans of assessments and the assessments against them."""

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from lifecycle.api.door import Call, Door
from lifecycle.api.registry import Strict
from lifecycle.api.shapes import plain
from lifecycle.api.work import seen_through, shown_to
from lifecycle.domain.job import LIVE, Job
from lifecycle.errors import InvalidInput
from lifecycle.services import assessment, plans
from lifecycle.store import jobs
from lifecycle.store import plans as fixed

router = APIRouter(tags=["assurance"])


class PlanIn(Strict):
    """A plan of an assessment."""

    plan: str = Field(description="The plan as YAML text", max_length=200_000)


class AssessIn(Strict):
    """An assessment of a version on a snapshot against a plan, or of earlier evidence again."""

    snapshot: str | None = None
    plan: str | None = Field(None, description="The plan as YAML text", max_length=200_000)
    override: str = Field("", description="Why limits change after results were known")
    again: str | None = Field(None, description="Evidence to measure again, with its own plan")


@router.post("/plans", status_code=201)
def fix_plan(door: Door, body: PlanIn) -> Any:
    """Keep a plan before there are results; the same content again is the same plan."""
    return plain(plans.fix(door.workspace, plans.parse(body.plan), by=door.actor, at=door.at))


@router.get("/plans")
def list_plans(door: Door, name: str | None = None) -> Any:
    """List the plans that were fixed, newest first."""
    return {"items": plain(fixed.every(door.reading(), name=name))}


@router.post("/models/{model_id}/versions/{version}/assessments", status_code=202)
def assess(door: Door, model_id: str, version: str, body: AssessIn) -> Any:
    """Start measuring what a plan asks for; ``items`` is the evidence where it is done already."""
    who: dict[str, Any] = {"by": door.actor, "at": door.at}
    if body.again is not None:
        if body.snapshot is not None or body.plan is not None:
            raise InvalidInput("evidence is measured again with its own plan on its own snapshot")
        job = assessment.start_again(door.workspace, model_id, version, kept=body.again, **who)
    elif body.snapshot is None or body.plan is None:
        raise InvalidInput("an assessment needs a snapshot and a plan")
    else:
        job = assessment.start(
            door.workspace,
            model_id,
            version,
            snapshot=body.snapshot,
            plan=assessment.read_plan(body.plan),
            override=body.override,
            **who,
        )
    return _answer(door, seen_through(door, job))


@router.get("/jobs/{job_id}/evidence")
def evidence_of(door: Door, job_id: str) -> Any:
    """Show an assessment's job and, once it is done, the evidence it left."""
    return _answer(door, shown_to(door, jobs.get(door.reading(), job_id)))


def _answer(door: Call, job: Job) -> Any:
    """Return job and evidence; a job that failed is refused with its reason."""
    kept = [] if job.state in LIVE else assessment.finished(door.reading(), job)
    return {
        "job": plain(job),
        "items": [{**plain(one), "outcome": assessment.outcome(one).value} for one in kept],
    }
