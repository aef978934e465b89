"""What the tests of access and approvals stand on: people, a policy, records to decide about."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.measurement import Measurement, State
from lifecycle.domain.model import Columns, Model, ModelKind, Stage, Task, Version
from lifecycle.domain.person import Person
from lifecycle.domain.usecase import Tier, UseCase
from lifecycle.services import policies
from lifecycle.services.access import passwords
from lifecycle.services.approvals import Proof
from lifecycle.store import audit, evidence, models, people, usecases
from lifecycle.store import policies as published
from lifecycle.store.connection import Workspace

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)

ROLES = {
    "vera": Role.VIEWER,
    "dev": Role.DEVELOPER,
    "val": Role.VALIDATOR,
    "app": Role.APPROVER,
    "app2": Role.APPROVER,
    "risk": Role.RISK_OWNER,
    "aud": Role.AUDITOR,
    "adm": Role.ADMINISTRATOR,
}
PASSWORD = "four words nobody guesses"
ROOT = Actor("root@local", frozenset({Role.DEVELOPER, Role.ADMINISTRATOR}), via="local")

POLICY = """
name: house
version: "test-1"
description: what the tests decide by
tiers:
  high:
    approved:
      approvals: 2
      rules:
        - rule: evidence
          purpose: performance
    validated:
      rules:
        - rule: limit
          purpose: performance
          statistic: roc_auc
          minimum: 0.7
    production:
      rules:
        - rule: healthy
"""


def actor(name: str, *, via: str = "session") -> Actor:
    return Actor(name, frozenset({ROLES[name]}), via=via)


def furnished(home: Path, *, sample: bool = False) -> Workspace:
    made = Workspace.create(home, at=NOW, sample=sample)
    with made.transaction() as tx:
        for name, role in ROLES.items():
            person = Person(name, name.title(), frozenset({role}), created_at=NOW)
            people.add(tx, person)
    with made.transaction() as tx:
        house = policies.read(POLICY)
        published.add(tx, house, at=NOW, by=ROOT.name)
        _tell(tx, "policy.publish", f"policy:{house.label}", sha256=house.sha256)
    return made


def password_of(workspace: Workspace, name: str) -> str:
    """Return the password somebody signs with, set when it is first needed."""
    if people.password_hash(workspace.cursor(), name) is None and name in ROLES:
        with workspace.transaction() as tx:
            people.set_password(tx, name, passwords._hasher.hash(PASSWORD))
    return PASSWORD


def proof_of(workspace: Workspace, name: str) -> Proof:
    """Return what somebody signs with."""
    return Proof(password_of(workspace, name))


def publish(workspace: Workspace, content: str, *, at=NOW):
    """Draft a policy as one person and put it in force as another."""
    kept = policies.draft(workspace, content, by=ROOT, at=at)
    return policies.publish(workspace, kept.name, kept.version, by=actor("adm"), at=at)


@dataclass
class Bench:
    """Puts records straight into the store, as of other services."""

    workspace: Workspace
    count: int = field(default=0)

    def version(self, name="1", *, model="credit", stage=Stage.CANDIDATE, developer="dev", at=NOW):
        with self.workspace.transaction() as tx:
            if model not in {m.id for m in models.every(tx)}:
                usecases.add(tx, use_case(model))
                models.add(tx, a_model(model))
            made = Version(model, name, stage, developer, NOW, Columns(target="y"))
            models.add_version(tx, made)
            _tell(tx, "version.add", f"version:{made.id}", at=at, stage=stage)
        return made

    def evidence(self, version: Version, *, auc=0.8, by="val", purpose=Purpose.PERFORMANCE):
        self.count += 1
        made = Evidence(
            version_id=version.id,
            purpose=purpose,
            snapshot_id="d@1",
            measurements=(Measurement("roc_auc", auc, State.OK, n=1000, limit=0.7),),
            created_at=NOW + timedelta(seconds=self.count),
            created_by=by,
        )
        with self.workspace.transaction() as tx:
            evidence.add(tx, made)
        return made

    def stage(self, version: Version) -> Stage:
        return models.version_by_id(self.workspace.cursor(), version.id).stage


def _tell(tx, action: str, subject: str, *, at=NOW, **details: str) -> None:
    """Write the event that the service would have written."""
    audit.append(tx, AuditEvent(action, subject, ROOT.name, at, details=details))


def use_case(identifier: str, *, tier=Tier.HIGH) -> UseCase:
    answers = {"practice": "no", "domain": "credit", "effect": "decides", "interaction": "no"}
    return UseCase(
        id=identifier,
        name="Credit",
        problem="Who repays",
        owner="olga",
        sponsor="sam",
        created_at=NOW,
        tier=tier,
        questionnaire="2026-11",
        answers=answers,
    )


def a_model(identifier: str) -> Model:
    return Model(
        id=identifier,
        use_case_id=identifier,
        name="Scorecard",
        kind=ModelKind.PREDICTIVE,
        task=Task.BINARY,
        owner="olga",
        purpose="rank applicants",
        created_at=NOW,
    )
