"""A small real workspace: a person per role, two models, one request that waits and one closed."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.approval import Code, Vote
from lifecycle.domain.dataset import ColumnRole
from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.measurement import Measurement, State
from lifecycle.domain.model import Columns, Stage
from lifecycle.services import access, approvals, registry, workspaces
from lifecycle.store import evidence
from lifecycle.store.connection import Workspace

PASSWORD = "seven words that nobody else strings together"
PEOPLE = {
    "dan": ("Dan Scientist", Role.DEVELOPER),
    "vera": ("Vera Validator", Role.VALIDATOR),
    "rita": ("Rita Reviewer", Role.APPROVER),
    "otto": ("Otto Auditor", Role.AUDITOR),
    "mo": ("Mo Manager", Role.VIEWER),
    "ada": ("Ada Administrator", Role.ADMINISTRATOR),
}
OPERATOR = Actor("op@local", frozenset({Role.ADMINISTRATOR, Role.DEVELOPER}), via="local")


def person(name: str) -> Actor:
    """Return the actor of one of the people."""
    return Actor(name, frozenset({PEOPLE[name][1]}), via="session")


@dataclass(frozen=True)
class Tiny:
    """The workspace and what is in it."""

    workspace: Workspace
    waiting: str
    closed: str


def build(home: Path, *, sample: bool = True) -> Tiny:
    """Make the workspace; `waiting` is a request whose gate passes, `closed` a rejected one."""
    at = datetime.now(UTC) - timedelta(days=3)
    workspace, _ = workspaces.create(home, admin=None, at=at, sample=sample)
    for name, (display, role) in PEOPLE.items():
        access.add_person(workspace, name, display=display, roles={role}, by=OPERATOR, at=at)
        access.set_password(workspace, name, PASSWORD, by=OPERATOR, at=at)
    _register(workspace, home, at=at)
    waiting = _ask(workspace, "credit", at=at)
    closed = _ask(workspace, "stock", at=at)
    approvals.decide(
        workspace,
        closed,
        vote=Vote.REJECT,
        code=Code.OTHER,
        reason="The target moved",
        by=person("rita"),
        at=at + timedelta(hours=1),
        proof=approvals.Proof(PASSWORD),
    )
    return Tiny(workspace, waiting=waiting, closed=closed)


def _register(workspace: Workspace, home: Path, *, at: datetime) -> None:
    dan = person("dan")
    answers = {"practice": "no", "domain": "operations", "effect": "none", "interaction": "no"}
    file = home.parent / "rows.csv"
    file.write_text("age,default\n" + "\n".join(f"{20 + i},{i % 2}" for i in range(40)))
    for model in ("credit", "stock"):
        registry.add_use_case(
            workspace,
            id=model,
            name=f"{model.title()} decisions",
            problem="Too slow by hand",
            owner="dan",
            sponsor="mo",
            answers=answers,
            by=dan,
            at=at,
        )
        registry.add_model(
            workspace,
            id=model,
            use_case_id=model,
            name=f"{model.title()} model",
            task="binary",
            owner="dan",
            purpose="Rank cases",
            by=dan,
            at=at,
        )
        registry.add_dataset(
            workspace,
            id=model,
            name=model,
            description="Rows",
            source="the register",
            owner="dan",
            by=dan,
            at=at,
        )
        snapshot = registry.add_snapshot(
            workspace, model, file, roles={"default": ColumnRole.TARGET}, by=dan, at=at
        )
        registry.add_version(
            workspace,
            model,
            "1",
            columns=Columns(target="default", positive="1", features=("age",)),
            reference=snapshot.id,
            by=dan,
            at=at,
        )
        registry.move_version(
            workspace, model, "1", to=Stage.CANDIDATE, reason="Ready", by=dan, at=at
        )
        _measure(workspace, f"{model}/1", snapshot.id, at=at)


def _measure(workspace: Workspace, version_id: str, snapshot_id: str, *, at: datetime) -> None:
    auc = Measurement(
        "roc_auc", 0.81, State.OK, interval=(0.79, 0.83), confidence=0.95, n=12_403, limit=0.7
    )
    with workspace.transaction() as tx:
        evidence.add(
            tx,
            Evidence(
                version_id,
                Purpose.PERFORMANCE,
                snapshot_id,
                (auc,),
                created_at=at,
                created_by="vera",
            ),
        )


def _ask(workspace: Workspace, model: str, *, at: datetime) -> str:
    asked = approvals.request(
        workspace,
        model,
        "1",
        to=Stage.VALIDATED,
        reason="Better than the last one",
        by=person("dan"),
        at=at,
    )
    return asked.id
