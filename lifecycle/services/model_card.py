"""What a reader should know of a version: a card made from records, each number with its source."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.audit import plain
from lifecycle.domain.evidence import Evidence
from lifecycle.domain.history import Then, told_by
from lifecycle.domain.measurement import Measurement
from lifecycle.domain.model import Model, Version
from lifecycle.domain.usecase import UseCase
from lifecycle.store import audit, evidence, models, usecases
from lifecycle.store.connection import Connection, Workspace

Facts = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Card:
    """A version's card: its facts by section, and what was measured on which evidence."""

    title: str
    made_at: datetime
    sections: Mapping[str, Facts]
    evidence: tuple[Evidence, ...]


def card(workspace: Workspace, model_id: str, version: str, *, by: Actor, at: datetime) -> Card:
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
    stood = {then.version_id: then for then in told_by(events).versions}
    found = newest(con, subject.id)
    sections = {
        "Model": _of_model(model, case),
        "Version": _of_version(subject),
        "Approval": _of_approval(stood.get(subject.id)),
    }
    return Card(f"{model.name}, version {subject.name}", at, sections, tuple(found))


def newest(con: Connection, version_id: str) -> list[Evidence]:
    """Return the newest evidence of each purpose."""
    latest = {found.purpose: found for found in _oldest_first(evidence.of_version(con, version_id))}
    return [latest[purpose] for purpose in sorted(latest)]


def as_json(made: Card) -> object:
    """Return the card as JSON values, every number under the evidence it comes from."""
    return {
        "title": made.title,
        "made_at": plain(made.made_at),
        "sections": plain(made.sections),
        "evidence": [
            {
                "id": found.id,
                "sha256": found.sha256,
                "purpose": found.purpose,
                "snapshot": found.snapshot_id,
                "state": found.state,
                "made_by": found.created_by,
                "made_at": plain(found.created_at),
                "measurements": plain(found.measurements),
            }
            for found in made.evidence
        ],
    }


def as_markdown(made: Card) -> str:
    """Write the card for people."""
    lines = [f"# {made.title}", "", f"Made from the records on {_moment(made.made_at)}.", ""]
    for title, facts in made.sections.items():
        lines += [f"## {title}", ""]
        lines += [f"- **{name}**: {_text(value)}" for name, value in facts.items()]
        lines += [""]
    lines += ["## What was measured", ""]
    if not made.evidence:
        lines += ["Nothing yet.", ""]
    for found in made.evidence:
        lines += [f"### {found.purpose.capitalize()}: {found.state}", ""]
        lines += [f"Evidence {found.id} by {found.created_by}, {_moment(found.created_at)}, "]
        lines[-1] += f"on {found.snapshot_id or 'no data (attested)'}."
        lines += ["", "| Statistic | Where | Value | Interval | n | Limit | State |"]
        lines += ["|---|---|---|---|---|---|---|"]
        lines += [_row(m) for m in found.measurements]
        lines += [""]
    return "\n".join(lines).rstrip() + "\n"


def _of_model(model: Model, case: UseCase) -> Facts:
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


def _of_version(version: Version) -> Facts:
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
        "notes": version.notes,
    }


def _of_approval(stood: Then | None) -> Facts:
    if stood is None or stood.request is None:
        return {"approved": "no request moved this version"}
    asked = stood.request
    said = "; ".join(f"{v.vote} by {v.by}, {_moment(v.at)}: {v.reason}" for v in asked.votes)
    return {
        "request": f"{asked.id} by {asked.by}, to {asked.to}: {asked.reason}",
        "decisions": said,
        "policy": f"{asked.policy} (SHA-256 {asked.policy_sha256})",
        "bundle (SHA-256)": asked.bundle,
        "standing": stood.standing or "nothing was said against it",
    }


def _oldest_first(found: Iterable[Evidence]) -> list[Evidence]:
    return sorted(found, key=lambda e: e.created_at)


def _row(m: Measurement) -> str:
    where = ", ".join(
        [*([m.column] if m.column else []), *(f"{k} {v}" for k, v in m.slice.items())]
    )
    low_high = f"{m.interval[0]:.4g} to {m.interval[1]:.4g}" if m.interval else ""
    cells = (
        m.statistic,
        where,
        _number(m.value),
        low_high,
        _number(m.n),
        _number(m.limit),
        m.state,
    )
    return "| " + " | ".join(str(cell).replace("|", "/") for cell in cells) + " |"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return _moment(value)
    return " ".join(str(value).split()) if value else "not filled"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
