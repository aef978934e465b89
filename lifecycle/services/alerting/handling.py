"""What people do about alerts: take on, hand over, snooze, resolve, say whether they were real."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.raised_alert import Alert, Status
from lifecycle.services.access.places import require_for, within_reach
from lifecycle.stats.inference import Estimate, proportion
from lifecycle.store import alerts, audit, people
from lifecycle.store.connection import Connection, Workspace

Step: TypeAlias = Callable[[Alert], tuple[Alert, AuditEvent]]


def acknowledge(
    ws: Workspace, alert_id: str, *, by: Actor, at: datetime, reason: str = ""
) -> Alert:
    """Take an alert on.

    Raises
    ------
    Conflict
        It ended, or somebody has taken it on.
    """
    return _stepped(ws, alert_id, lambda a: a.acknowledge(by=by.name, at=at, reason=reason), by=by)


def assign(
    ws: Workspace, alert_id: str, owner: str, *, by: Actor, at: datetime, reason: str = ""
) -> Alert:
    """Give an alert to somebody who has an account.

    Raises
    ------
    NotFound
        Nobody has an account of that name.
    Conflict
        It ended, or their account is closed.
    """
    by.require(Permission.HANDLE)
    people.active(ws.cursor(), owner)
    return _stepped(
        ws, alert_id, lambda a: a.assign(owner, by=by.name, at=at, reason=reason), by=by
    )


def snooze(
    ws: Workspace, alert_id: str, *, until: datetime, reason: str, by: Actor, at: datetime
) -> Alert:
    """Keep an alert silent until a time.

    Raises
    ------
    InvalidInput
        No reason is given, or the time is past or too far away.
    Conflict
        It ended.
    """
    return _stepped(
        ws, alert_id, lambda a: a.snooze(until, by=by.name, at=at, reason=reason), by=by
    )


def resolve(ws: Workspace, alert_id: str, *, reason: str, by: Actor, at: datetime) -> Alert:
    """End an alert by hand; it returns if its series still fire after the rule's cooldown.

    Raises
    ------
    InvalidInput
        No reason is given.
    Conflict
        It ended already.
    """
    return _stepped(ws, alert_id, lambda a: a.resolve(by=by.name, at=at, reason=reason), by=by)


def judge(
    ws: Workspace, alert_id: str, *, real: bool, by: Actor, at: datetime, reason: str = ""
) -> Alert:
    """Say whether an alert was a true alarm, which is what its rule's precision rests on."""
    return _stepped(
        ws, alert_id, lambda a: a.judge(real=real, by=by.name, at=at, reason=reason), by=by
    )


def _stepped(ws: Workspace, alert_id: str, step: Step, *, by: Actor) -> Alert:
    by.require(Permission.HANDLE)
    with ws.transaction() as tx:
        found = alerts.get(tx, alert_id)
        require_for(tx, found.version_id, Permission.HANDLE, by=by)
        changed, event = step(found)
        alerts.update(tx, changed)
        audit.append(tx, replace(event, via=by.via))
    return changed


def waiting(con: Connection, actor: Actor) -> list[Alert]:
    """Return the open alerts that this person may take on, gravest first.

    Their own come before those of others.
    """
    if not actor.may(Permission.HANDLE):
        return []
    reaches = within_reach(con, actor)
    found = [a for a in alerts.every(con, statuses={Status.OPEN}) if reaches(a.version_id)]
    return sorted(found, key=lambda alert: (-alert.severity, alert.owner != actor.name))


@dataclass(frozen=True, slots=True)
class Precision:
    """How often a rule's alarms were real, as far as people said.

    Parameters
    ----------
    version_id, statistic
        The rule: one statistic of one version.
    share
        True alarms among those judged, with Wilson's interval.
    """

    version_id: str
    cause: str
    statistic: str
    real: int
    judged: int
    share: Estimate


def precision(con: Connection, *, confidence: float = 0.95) -> list[Precision]:
    """Return how often each rule's alarms were real, the worst first."""
    counted: dict[tuple[str, str, str], list[bool]] = {}
    for cause, version_id, statistic, real in alerts.verdicts(con):
        counted.setdefault((version_id, cause, statistic), []).append(real)
    found = [
        Precision(
            version_id=version_id,
            cause=cause,
            statistic=statistic,
            real=sum(said),
            judged=len(said),
            share=proportion(sum(said), len(said), confidence=confidence, empty="nobody judged"),
        )
        for (version_id, cause, statistic), said in counted.items()
    ]
    return sorted(found, key=lambda p: (p.real / p.judged, -p.judged, p.version_id, p.statistic))
