"""What a reader should know of a version: a card made from records, each number with its source."""

from collections.abc import Mapping
from datetime import datetime

from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.history import Then, told_by
from lifecycle.domain.model import Model, Version
from lifecycle.domain.usecase import UseCase
from lifecycle.services import withholding
from lifecycle.services.approvals.signing import lines
from lifecycle.services.reports import words
from lifecycle.services.reports.document import (
    Audience,
    Block,
    Document,
    Facts,
    Measured,
    Section,
    Sentences,
)
from lifecycle.services.reports.header import header
from lifecycle.services.reports.staleness import longest, stale
from lifecycle.services.reports.texts import written
from lifecycle.store import audit, evidence, models, requests, usecases
from lifecycle.store.connection import Connection, Workspace

CHARTS = {
    Purpose.PERFORMANCE: "How good its answers are, with intervals and limits",
    Purpose.FAIRNESS: "How groups fare, with intervals and limits",
    Purpose.VALIDATION: "How sound it is, with intervals and limits",
    Purpose.EXPLANATION: "Which columns drive it: mean absolute SHAP value",
}


def card(workspace: Workspace, model_id: str, version: str, *, by: Actor, at: datetime) -> Document:
    """Make the card of a version from the records as they are now.

    Raises
    ------
    NotFound
        There is no such model or version.
    """
    by.require(Permission.READ)
    con = workspace.cursor()
    model = models.get(con, model_id)
    subject = models.version(con, model_id, version)
    case = usecases.get(con, model.use_case_id)
    events = audit.until(con, at, model_id=model_id)
    stood = {then.version_id: then for then in told_by(events, at=at).versions}
    found = evidence.newest(con, subject.id)
    limits = longest(con, model.use_case_id)
    said = ("summary", "users", "limitations", "ethics", "training")
    parts = (
        Section("Model", (Facts(_of_model(model, case)), *written(con, subject, *said))),
        Section("Version", (Facts(_of_version(subject)),), audience=Audience.MANAGER),
        Section(
            "Approval",
            (Facts(_of_approval(con, stood.get(subject.id))),),
            audience=Audience.MANAGER,
        ),
        *(
            measured(
                one,
                stale=stale(one, subject, limits=limits, at=at),
                shown_from=workspace.shown_from,
            )
            for one in found
        ),
    )
    if not found:
        parts = (*parts, Section("What was measured", (Sentences(("Nothing yet.",)),)))
    return Document(
        f"{model.name}, version {subject.name}",
        "card",
        subject.id,
        at,
        parts,
        header=header(model, subject, found),
    )


def measured(kept: Evidence, *, stale: str, shown_from: int) -> Section:
    """Return one record's numbers as a section, without groups too small to show."""
    seen = withholding.shown(kept, shown_from=shown_from)
    blocks: list[Block] = [Measured(kept, seen, CHARTS.get(kept.purpose, ""))]
    blocks += [Sentences(said) for said in (words.overridden(kept),) if said]
    noted = withholding.told(kept, shown_from=shown_from)
    if noted:
        blocks.append(Sentences(tuple(f"{text[:1].upper()}{text[1:]}." for text in noted)))
    return Section(
        f"{kept.purpose.capitalize()}: {words.came_to(kept)}", tuple(blocks), stale=stale
    )


def _of_model(model: Model, case: UseCase) -> Mapping[str, object]:
    return {
        "purpose": model.purpose,
        "intended use": model.intended_use,
        "out of scope": model.out_of_scope,
        "kind and task": f"{model.kind}, {model.task}",
        "owner": model.owner,
        "vendor": model.vendor,
        "use case": f"{case.name} ({case.id})",
        "problem": case.problem,
        "who is affected": case.affected,
        "risk tier": f"{case.tier}, by questionnaire {case.questionnaire}",
        "data": "made by the sample simulator" if case.simulated else "not simulated",
    }


def _of_version(version: Version) -> Mapping[str, object]:
    return {
        "id": version.id,
        "stage": version.stage,
        "developer": version.developer,
        "registered": version.created_at,
        "record (SHA-256)": version.sha256,
        "model file (SHA-256)": version.artifact,
        "training data": version.training,
        "reference data": version.reference,
        "code": version.code_commit,
        "parameters": dict(version.parameters),
        "environment": dict(version.environment),
        "notes": version.notes,
    }


def _of_approval(con: Connection, stood: Then | None) -> Mapping[str, object]:
    if stood is None or stood.request is None:
        return {"approved": "no request moved this version"}
    asked = stood.request
    said = "; ".join(f"{v.vote} by {v.by}, {words.moment(v.at)}: {v.reason}" for v in asked.votes)
    return {
        "request": f"{asked.id} by {asked.by}, to {asked.to}: {asked.reason}",
        "decisions": said,
        "signatures": "; ".join(lines(con, requests.get(con, asked.id))),
        "policy": f"{asked.policy} (SHA-256 {asked.policy_sha256})",
        "bundle (SHA-256)": asked.bundle,
        "standing": _standing(stood),
    }


def _standing(stood: Then) -> str:
    """Say what an approval is worth, until when, and what may go on without its ground."""
    if not stood.standing:
        return "no approval is on record"
    until = "" if stood.expires_at is None else f", until {words.moment(stood.expires_at)}"
    effect = f"; the policy says {stood.effect}" if stood.effect else ""
    return f"{stood.standing}{until}{effect}"
