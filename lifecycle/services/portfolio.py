"""What do we have, what waits, what is wrong: the portfolio as its pages and the API read it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from lifecycle.domain.actor import Actor
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.evidence import Purpose
from lifecycle.domain.measurement import Measurement, State, verdict
from lifecycle.domain.model import Model, Stage, Version
from lifecycle.domain.raised_alert import Alert
from lifecycle.domain.standing import Approval
from lifecycle.domain.usecase import Tier, UseCase
from lifecycle.services import alerting, approvals, sentences
from lifecycle.services.approvals import QueueItem, Task
from lifecycle.services.completeness import missing
from lifecycle.store import approvals as given
from lifecycle.store import models, usecases
from lifecycle.store import portfolio as store
from lifecycle.store.connection import Connection
from lifecycle.store.health import states

REVIEW_EVERY: Mapping[Tier, timedelta] = MappingProxyType(
    {
        Tier.PROHIBITED: timedelta(days=30),
        Tier.HIGH: timedelta(days=180),
        Tier.LIMITED: timedelta(days=365),
        Tier.MINIMAL: timedelta(days=730),
    }
)
"""How long after its last approval a version is reviewed again; house defaults."""

LIVE = frozenset({Stage.PRODUCTION, Stage.SUSPENDED})
"""Stages in which a version scores, so that no measurement at all is too little."""

GONE = frozenset({Stage.RETIRED, Stage.REJECTED})
"""Stages of versions that a model's health no longer depends on."""


@dataclass(frozen=True, slots=True)
class InventoryRow:
    """A version with everything an inventory shows; a model without versions has none.

    Parameters
    ----------
    health
        What its monitors say.
    completeness, missing
        Share of the fields its tier asks for that are filled, and those that are not.
    approval
        What it stands on in its present stage, by what is on record of it.
    next_review
        The end of that approval; where it has none, the last approval plus the tier's interval;
        ``None`` while nothing was approved.
    """

    use_case_id: str
    use_case: str
    model_id: str
    model: str
    version: str | None
    version_id: str | None
    owner: str
    sponsor: str
    tier: Tier
    kind: str
    task: str
    stage: Stage | None
    developer: str | None
    health: State
    simulated: bool
    created_at: datetime
    last_evidence: datetime | None
    evidence: Mapping[str, str]
    last_prediction: datetime | None
    last_approval: datetime | None
    approval: Approval | None
    next_review: datetime | None
    review_due: bool
    completeness: float
    missing: tuple[str, ...]
    value: float | None
    currency: str


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened, as a sentence."""

    at: datetime
    kind: str
    sentence: str
    by: str = ""
    subject: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A limit that is crossed now."""

    at: datetime | None
    version_id: str
    measured: Measurement
    sentence: str


@dataclass(frozen=True, slots=True)
class Overview:
    """The portfolio on one screen.

    Parameters
    ----------
    health
        Models by tier and health.
    stages
        Versions by stage.
    at_risk
        Expected yearly value, by currency, of the use cases with a model in breach.
    alarms
        The newest and worst limits that are crossed now.
    breaching
        How many are crossed, by version; more than there are alarms where they were too many.
    tasks
        What else this person owes: findings, reviews after an emergency, mentions.
    alerts
        Those nobody has taken on, as far as this person may, gravest first.
    unapproved
        Versions in production whose approval no longer holds.
    """

    models: int
    health: Mapping[tuple[Tier, State], int]
    stages: Mapping[Stage, int]
    at_risk: Mapping[str, float]
    alarms: tuple[Alarm, ...]
    breaching: Mapping[str, int]
    queue: tuple[QueueItem, ...]
    tasks: tuple[Task, ...]
    alerts: tuple[Alert, ...]
    reviews: tuple[InventoryRow, ...]
    unapproved: tuple[InventoryRow, ...]
    changed: tuple[Happening, ...]


def inventory(con: Connection, *, at: datetime) -> list[InventoryRow]:
    """Return every version of every model, by model name and newest version first."""
    cases = {case.id: case for case in usecases.every(con)}
    by_model: dict[str, list[Version]] = {}
    for version in models.versions(con):
        by_model.setdefault(version.model_id, []).append(version)
    facts = _Facts.read(con)
    return [
        _row(model, version, cases[model.use_case_id], facts=facts, at=at)
        for model in models.every(con)
        for version in by_model.get(model.id) or [None]
    ]


def overview(
    con: Connection, *, actor: Actor, at: datetime, since: datetime | None = None
) -> Overview:
    """Return what a person should see first.

    Parameters
    ----------
    since
        The time of their last visit; the last seven days unless given.
    """
    rows = inventory(con, at=at)
    by_model: dict[str, list[InventoryRow]] = {}
    for row in rows:
        by_model.setdefault(row.model_id, []).append(row)
    health = {model_id: _health_of(versions) for model_id, versions in by_model.items()}
    tiers = Counter((by_model[model_id][0].tier, state) for model_id, state in health.items())
    due = sorted((row for row in rows if row.review_due), key=lambda row: row.next_review or at)
    return Overview(
        models=len(by_model),
        health=dict(tiers),
        stages=dict(Counter(row.stage for row in rows if row.stage is not None)),
        at_risk=_at_risk(by_model, health=health),
        alarms=tuple(alarms(con, at=at)),
        breaching=store.breaching(con),
        queue=tuple(approvals.queue(con, actor, at=at)),
        tasks=tuple(approvals.tasks(con, actor, at=at)),
        alerts=tuple(alerting.waiting(con, actor)),
        reviews=tuple(due),
        unapproved=tuple(row for row in rows if _unapproved(row)),
        changed=tuple(changes(con, since=since or at - timedelta(days=7))),
    )


def alarms(con: Connection, *, at: datetime, limit: int = 50) -> list[Alarm]:
    """Return the limits that are crossed now, newest and worst first."""
    return [
        Alarm(
            at=found.measurement.window.end if found.measurement.window else None,
            version_id=found.version_id,
            measured=found.measurement,
            sentence=sentences.of_measurement(found.measurement, at=at),
        )
        for found in store.breaches(con, limit=limit)
    ]


def changes(con: Connection, *, since: datetime, limit: int = 50) -> list[Happening]:
    """Return what happened since a time, newest first; sign-ins are the audit page's matter."""
    return [_happening(event) for event in store.recent(con, since=since, limit=limit)]


def timeline(con: Connection, model_id: str) -> list[Happening]:
    """Return what happened in a model's life, oldest first.

    Raises
    ------
    NotFound
        There is no such model.
    """
    model = models.get(con, model_id)
    return [_happening(event) for event in store.trail_of(con, model_id, model.use_case_id)]


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the inventory looks up per version, one query each for the whole portfolio."""

    states: Mapping[str, State]
    evidence: Mapping[str, Mapping[Purpose, tuple[str, datetime]]]
    approved: Mapping[str, datetime]
    approvals: Mapping[tuple[str, Stage], Approval]
    predictions: Mapping[str, datetime]
    monitored: frozenset[str]

    @classmethod
    def read(cls, con: Connection) -> "_Facts":
        return cls(
            states=states(con),
            evidence=store.newest_evidence(con),
            approved=store.last_approvals(con),
            # The newest comes first, and the one that is written last stays.
            approvals={(a.version_id, a.stage): a for a in given.of_version(con)[::-1]},
            predictions=store.last_predictions(con),
            monitored=store.watched(con),
        )

    def health(self, version: Version) -> State:
        """Return what monitoring says; where it should and has nothing, that is too little."""
        if version.id in self.states:
            return self.states[version.id]
        expected = version.stage in LIVE or version.id in self.monitored
        return State.INSUFFICIENT if expected else State.NOT_APPLICABLE


def _row(
    model: Model, version: Version | None, use_case: UseCase, *, facts: _Facts, at: datetime
) -> InventoryRow:
    key = version.id if version else ""
    evidence = facts.evidence.get(key, {})
    approved = facts.approved.get(key)
    approval = facts.approvals.get((key, version.stage)) if version else None
    approval = approval and approval.aged(at)
    gone = version is not None and version.stage in GONE
    review = None if gone else _next_review(approval, approved, use_case.tier)
    absent, completeness = missing(
        use_case, model, version, evidence=evidence, monitored=key in facts.monitored
    )
    return InventoryRow(
        use_case_id=use_case.id,
        use_case=use_case.name,
        model_id=model.id,
        model=model.name,
        version=version.name if version else None,
        version_id=version.id if version else None,
        owner=model.owner,
        sponsor=use_case.sponsor,
        tier=use_case.tier,
        kind=model.kind,
        task=model.task,
        stage=version.stage if version else None,
        developer=version.developer if version else None,
        health=facts.health(version) if version else State.NOT_APPLICABLE,
        simulated=use_case.simulated,
        created_at=version.created_at if version else model.created_at,
        last_evidence=max((made for _, made in evidence.values()), default=None),
        evidence={str(purpose): found for purpose, (found, _) in evidence.items()},
        last_prediction=facts.predictions.get(key),
        last_approval=approved,
        approval=approval,
        next_review=review,
        review_due=review is not None and review <= at,
        completeness=completeness,
        missing=absent,
        value=use_case.value,
        currency=use_case.currency,
    )


def _next_review(
    approval: Approval | None, approved: datetime | None, tier: Tier
) -> datetime | None:
    if approval is not None and approval.expires_at is not None:
        return approval.expires_at
    return None if approved is None else approved + REVIEW_EVERY[tier]


def _unapproved(row: InventoryRow) -> bool:
    held = row.approval is None or row.approval.holds
    return row.stage is Stage.PRODUCTION and not held


def _health_of(versions: Sequence[InventoryRow]) -> State:
    """Return a model's health: the worst of its live versions, else of those not gone."""
    live = [row.health for row in versions if row.stage in LIVE]
    return verdict(live or [row.health for row in versions if row.stage not in GONE])


def _at_risk(
    by_model: Mapping[str, Iterable[InventoryRow]], *, health: Mapping[str, State]
) -> dict[str, float]:
    """Add up the value of the use cases with a model in breach, each once, by currency."""
    cases = {
        row.use_case_id: (row.currency, row.value)
        for model_id, versions in by_model.items()
        if health[model_id] is State.BREACH
        for row in versions
        if row.value is not None
    }
    total: dict[str, float] = {}
    for currency, value in cases.values():
        total[currency] = total.get(currency, 0.0) + (value or 0.0)
    return total


def _happening(event: AuditEvent) -> Happening:
    return Happening(
        at=event.at,
        kind=event.action,
        sentence=sentences.of_event(event),
        by=event.by,
        subject=event.subject,
        reason=event.reason,
    )
