"""Is a version sound by the plans it was measured against: the validator's report, from records."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.evidence import Evidence
from lifecycle.domain.measurement import State
from lifecycle.domain.rules import Outcome
from lifecycle.services import assessment, plans, withholding
from lifecycle.services.reports import words
from lifecycle.services.reports.card import measured
from lifecycle.services.reports.document import (
    Audience,
    Document,
    Facts,
    Grid,
    Measured,
    Section,
    Sentences,
)
from lifecycle.services.reports.staleness import longest, stale
from lifecycle.services.reports.texts import written
from lifecycle.store import models
from lifecycle.store.connection import Workspace

WORST = (Outcome.ERROR, Outcome.FAIL, Outcome.INSUFFICIENT, Outcome.PASS)


def validation_report(
    workspace: Workspace, model_id: str, version: str, *, by: Actor, at: datetime
) -> Document:
    """Make the validation report of a version from its newest evidence against plans.

    Raises
    ------
    NotFound
        There is no such model or version.
    """
    by.require(Permission.READ)
    con = workspace.cursor()
    model, subject = models.get(con, model_id), models.version(con, model_id, version)
    found = assessment.against_plans(con, subject.id)
    limits = longest(con, model.use_case_id)
    beyond = [*_beyond(found, shown_from=workspace.shown_from)]
    sections = (
        Section(
            "Verdict",
            (
                Facts(_verdict(found, beyond=sum(len(one.measurements) for one in beyond))),
                *beyond,
                *written(con, subject, "opinion"),
            ),
        ),
        *(_plan(kept) for kept in found),
        *(
            measured(
                kept,
                stale=stale(kept, subject, limits=limits, at=at),
                shown_from=workspace.shown_from,
            )
            for kept in found
        ),
        Section(
            "How it can be measured again",
            tuple(Facts(_method(kept)) for kept in found) or (Sentences(("Nothing yet.",)),),
            audience=Audience.ENGINEER,
        ),
    )
    title = f"Validation of {model.name}, version {subject.name}"
    return Document(title, "validation", subject.id, at, sections)


def _beyond(found: Sequence[Evidence], *, shown_from: int) -> Iterator[Measured]:
    """Return what is beyond its limit, each value with its interval, limit and evidence."""
    for kept in found:
        failed = tuple(
            m
            for m in withholding.shown(kept, shown_from=shown_from)
            if m.limit is not None and m.state in {State.BREACH, State.ERROR, State.WARNING}
        )
        if failed:
            yield Measured(kept, failed)


def _verdict(found: Sequence[Evidence], *, beyond: int) -> Mapping[str, object]:
    if not found:
        return {"outcome": "insufficient: nothing was measured against a plan"}
    judged = [kept for kept in found if kept.state is not State.NOT_APPLICABLE]
    outcomes = [(kept, assessment.outcome(kept)) for kept in judged]
    worst = min((o for _, o in outcomes), key=WORST.index, default=Outcome.INSUFFICIENT)
    free = {str(e.purpose): f"{words.came_to(e)}, evidence {e.id}" for e in found}
    return {
        "outcome": f"{worst}, the worst of its parts",
        **free,
        **{str(kept.purpose): f"{o}, evidence {kept.id}" for kept, o in outcomes},
        "beyond its limit": f"{beyond}, listed below" if beyond else "nothing",
    }


def _plan(kept: Evidence) -> Section:
    """Show the plan behind a record, and whether it was overridden."""
    plan = assessment.plan_of(kept)
    fixed = cast("Mapping[str, Any]", kept.plan.get(plans.FIXED) or {})
    facts = {
        "plan": f"{plan.name} {fixed.get('version', '')}".strip(),
        "fixed": f"{fixed['at'][:16].replace('T', ' ')} UTC by {fixed['by']}" if fixed else None,
        "rationale": plan.rationale,
        "SHA-256": fixed.get("sha256"),
    }
    rows = tuple(
        (name, limit.wanted, limit.severity, limit.rationale or "none given")
        for name, limit in plan.limits.items()
        if name in plan.statistics[kept.purpose]
    )
    table = Grid(("Statistic", "Wanted", "Severity", "Why"), rows)
    blocks = (Facts(facts), table if rows else Sentences(("It sets no limit.",)))
    changed = ": overridden after results" if plans.recorded(kept.plan) else ""
    return Section(f"Plan of {kept.purpose}{changed}", blocks)


def _method(kept: Evidence) -> Mapping[str, object]:
    method = kept.method
    again = cast("Mapping[str, Any]", kept.payload.get("reproduction") or {})
    said = "not tried; `lifecycle assess MODEL VERSION --again EVIDENCE` does"
    if again:
        word = "reproduced" if again["reproduced"] else "not reproduced"
        said = "; ".join([f"{word} {again['of']}", *again["differences"], *again["because"]])
    return {
        "evidence": kept.id,
        "rows": method.get("rows"),
        "data (SHA-256)": method.get("data_sha256"),
        "seed": method.get("seed"),
        "code": method.get("code_commit"),
        "model file (SHA-256)": method.get("artifact"),
        "lifecycle, Python": f"{method.get('lifecycle')}, {method.get('python')}",
        "libraries": method.get("libraries"),
        "reproduction": said,
    }
