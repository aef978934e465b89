"""From a run's measurements to alerts: raised, joined, worsened, reopened and cleared."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from lifecycle.domain.actor import Actor
from lifecycle.domain.alert import AlertRule, Grouping
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.model import Stage
from lifecycle.domain.raised_alert import Alert, Signal, Status, gravest
from lifecycle.services.alerting.series import Key, firing_now
from lifecycle.services.alerting.telling import Change, tell
from lifecycle.store import alerts, audit, models
from lifecycle.store.connection import Connection

GONE = frozenset({Stage.RETIRED, Stage.REJECTED})
"""Stages of versions about which nobody has to be called any more."""


def update(
    tx: Connection,
    version_id: str,
    *,
    rule: AlertRule,
    by: Actor,
    at: datetime,
    series: str = "1",
    until: datetime | None = None,
    told: bool = True,
) -> list[Alert]:
    """Bring a version's alerts up to date with its measurements as the transaction holds them.

    Call it in the transaction that saved the measurements. Series that fire now raise alerts or
    join them, series that no longer do are cleared; an episode that began and ended between two
    calls raises nothing, and so does a version that is out of use.

    Parameters
    ----------
    series
        The series the measurements belong to; alerts of another are cleared.
    until
        Judge by windows that ended by then.
    told
        Whether people hear of it; not when the past is gone through.

    Returns
    -------
    list
        The alerts that were raised or changed.
    """
    before = alerts.unfinished(tx, version_id, at=at)
    held = {s.key: s for alert in before if alert.series == series for s in alert.firing}
    version = models.version_by_id(tx, version_id)
    found: dict[Key, Signal] = {}
    if version.stage not in GONE:
        found = firing_now(tx, version_id, series=series, rule=rule, held=held, until=until)
    joined, groups = step(before, found, series=series, rule=rule)
    changed = [
        _saved(tx, old, now, rule=rule, by=by, at=at, told=told)
        for old, now in zip(before, joined, strict=True)
        if old != now or _overslept(now, at=at)
    ]
    owner = rule.owner or models.get(tx, version.model_id).owner
    for group in groups:
        identifier = f"alert-{alerts.next_number(tx)}"
        raised = made(identifier, group, version_id, rule=rule, series=series, owner=owner, at=at)
        audit.append(tx, replace(raised.opened(by=by.name), via=by.via))
        raised = tell(tx, raised, Change.RAISED, at=at) if told else raised
        alerts.add(tx, raised)
        changed.append(raised)
    return changed


def step(
    known: Sequence[Alert], found: Mapping[Key, Signal], *, series: str, rule: AlertRule
) -> tuple[list[Alert], list[list[Signal]]]:
    """Write what fires now into the alerts it belongs to; return them, and what is left in groups.

    Each group is to become an alert of its own.
    """
    refreshed = [_refreshed(alert, found if alert.series == series else {}) for alert in known]
    taken = {s.key for alert in refreshed for s in alert.firing}
    fresh = [signal for key, signal in found.items() if key not in taken]
    joined, left = _joined(refreshed, fresh, series=series, rule=rule)
    return joined, _groups(left, grouping=rule.grouping)


def _refreshed(alert: Alert, found: Mapping[Key, Signal]) -> Alert:
    """Write into an alert how its series are now."""
    signals = tuple(
        signal if signal.cleared else found.get(signal.key, replace(signal, cleared=True))
        for signal in alert.signals
    )
    return replace(alert, signals=signals)


def _joined(
    known: list[Alert], fresh: list[Signal], *, series: str, rule: AlertRule
) -> tuple[list[Alert], list[Signal]]:
    """Let series that began to fire join an alert they belong to; return what is left over.

    A series belongs to the alert it fired in a short while ago, and otherwise to a live alert of
    its group.
    """
    after = list(known)
    left: list[Signal] = []
    for signal in fresh:
        home = _home(after, signal, series=series, rule=rule)
        if home is None:
            left.append(signal)
            continue
        others = tuple(s for s in after[home].signals if s.key != signal.key)
        after[home] = replace(after[home], signals=(*others, signal))
    return after, left


def _home(known: list[Alert], signal: Signal, *, series: str, rule: AlertRule) -> int | None:
    mine = [(i, alert) for i, alert in enumerate(known) if alert.series == series]
    for i, alert in reversed(mine):
        if any(s.key == signal.key for s in alert.signals):
            return i
    group = _group(signal, grouping=rule.grouping)
    for i, alert in reversed(mine):
        if alert.live and any(_group(s, grouping=rule.grouping) == group for s in alert.signals):
            return i
    return None


def _group(signal: Signal, *, grouping: Grouping) -> tuple[object, ...]:
    if grouping is Grouping.SERIES:
        return (*signal.key, signal.since)
    return (signal.since,) if grouping is Grouping.VERSION else (signal.since, signal.cause)


def _groups(fresh: Iterable[Signal], *, grouping: Grouping) -> list[list[Signal]]:
    groups: dict[tuple[object, ...], list[Signal]] = {}
    for signal in sorted(fresh, key=lambda s: (s.since.end, s.cause)):
        groups.setdefault(_group(signal, grouping=grouping), []).append(signal)
    return list(groups.values())


def _overslept(alert: Alert, *, at: datetime) -> bool:
    """Tell whether it was resolved although series still fire, and its pause is over."""
    return not alert.live and bool(alert.firing) and not alert.cooling(at=at)


def _saved(
    tx: Connection, old: Alert, now: Alert, *, rule: AlertRule, by: Actor, at: datetime, told: bool
) -> Alert:
    """Decide what a change of its series makes of an alert, tell people, and keep it."""
    now, event, change = decided(old, replace(now, rule=rule), by=by, at=at)
    if told and change is not None:
        now = tell(tx, now, change, at=at)
    alerts.update(tx, now)
    if event is not None:
        audit.append(tx, replace(event, via=by.via))
    return now


def decided(
    old: Alert, now: Alert, *, by: Actor, at: datetime
) -> tuple[Alert, AuditEvent | None, Change | None]:
    """Say what becomes of an alert whose series changed, and what people hear of it."""
    if now.firing:
        worst = gravest(now.firing)
        now = replace(now, cause=worst.cause, severity=max(old.severity, worst.severity))
    if not now.firing and now.live:
        heard = old.notified_at is not None and old.status is not Status.SNOOZED
        return *now.clear(by=by.name, at=at), Change.CLEARED if heard else None
    if now.live and now.severity > old.severity:
        reason = f"it became {now.severity.word}"
        return *now.reopen(by=by.name, at=at, reason=reason), Change.WORSENED
    if now.firing and old.status is Status.CLEARED:
        reason = "it is beyond its limit again"  # within the cooldown, so nobody is told
        return *now.reopen(by=by.name, at=at, reason=reason), None
    if _overslept(now, at=at):
        reason = "it is still beyond its limit"
        return *now.reopen(by=by.name, at=at, reason=reason), Change.REOPENED
    return now, None, None


def made(
    identifier: str,
    group: Sequence[Signal],
    version_id: str,
    *,
    rule: AlertRule,
    series: str,
    owner: str,
    at: datetime,
) -> Alert:
    """Make an alert of series that went beyond their limits together."""
    worst = gravest(group)
    return Alert(
        id=identifier,
        version_id=version_id,
        series=series,
        cause=worst.cause,
        severity=worst.severity,
        window=worst.since,
        opened_at=at,
        rule=rule,
        owner=owner,
        signals=tuple(group),
    )
