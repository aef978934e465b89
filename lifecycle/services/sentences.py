"""What happened, in a sentence: audit events and breaches as people read them."""

from collections.abc import Callable, Mapping
from datetime import datetime

from lifecycle.charts import wording
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.measurement import Measurement
from lifecycle.domain.raised_alert import Alert, Signal, excess
from lifecycle.stats import catalogue

SCALES = frozenset(wording.UNITS) | {"nats", "output"}
"""Units that only say on which scale a value lies."""

STUCK = "stuck_value"
"""Is 1 or 0, which says nothing to people."""


def of_event(event: AuditEvent) -> str:
    """Say what an audit event records."""
    name = event.subject.partition(":")[2]
    tell = TOLD.get(event.action)
    if tell is None:
        return f"{event.action.replace('.', ' ')}: {name}"
    return tell(name, event.details)


def of_measurement(measured: Measurement, *, at: datetime | None = None) -> str:
    """Say what was measured where and when, against which limit.

    Parameters
    ----------
    at
        The time from which it is said: a window that ends later is not over.
    """
    groups = rows_of(measured)
    of = f" ({groups})" if groups else ""
    when = "" if measured.window is None else f" {wording.within(measured.window, at=at)}"
    if measured.statistic == STUCK and measured.value:
        return f"{_stuck(measured.column, measured.n, of=of)}{when}"
    about = f" of {measured.column}" if measured.column else ""
    value = "not known" if measured.value is None else amount(measured.value, unit=measured.unit)
    limit = "" if measured.limit is None else f", limit {amount(measured.limit)}"
    n = "" if measured.n is None else f", n {measured.n:,}"
    return f"{title(measured.statistic)}{about}{of} was {value}{when}{limit}{n}"


def title(statistic: str) -> str:
    """Return what people call a statistic."""
    return {s.name: s.title for s in catalogue.ALL}.get(statistic, statistic)


def _stuck(column: str | None, n: int | None, *, of: str = "") -> str:
    return f"{column or 'a column'}{of} held one single value in all {n or 0:,} rows"


def rows_of(measured: Measurement) -> str:
    """Name the rows something was measured on; nothing for all of them."""
    return ", ".join(f"{column} {value}" for column, value in measured.slice.items())


def amount(value: float, *, unit: str = "1") -> str:
    """Write a value with a unit that is more than a matter of scale, such as money or time."""
    text = wording.number(value)
    return text if unit in SCALES else f"{text} {unit}"


def of_alert(alert: Alert) -> str:
    """Say what fires in an alert, since when, and how far beyond its limit the worst is."""
    signals = alert.firing or alert.signals
    worst = max(signals, key=_beyond)
    more = f", and {len(signals) - 1} more series" if len(signals) > 1 else ""
    cause = str(alert.cause).replace("_", " ").capitalize()
    return f"{cause} since {wording.day(alert.window.start)}: {_fires(worst)}{more}"


def _fires(signal: Signal) -> str:
    if signal.statistic == STUCK:
        return _stuck(signal.column, signal.n)
    about = f" of {signal.column}" if signal.column else ""
    value = "" if signal.value is None else f" {amount(signal.value, unit=signal.unit)}"
    limit = "" if signal.limit is None else f" against a limit of {amount(signal.limit)}"
    return f"{title(signal.statistic)}{about}{value}{limit}"


def _beyond(signal: Signal) -> tuple[int, float]:
    if signal.value is None or signal.limit is None:
        return signal.severity, 0.0
    return signal.severity, excess(signal.value, signal.limit)


_Details = Mapping[str, object]


def _moved(name: str, details: _Details) -> str:
    return f"{name} became {details.get('after')}, it was {details.get('before')}"


def _asked(name: str, details: _Details) -> str:
    version, to = details.get("version"), details.get("to")
    if to == details.get("before"):
        return f"{name} asks to renew the approval of {version} for {to}"
    return f"{name} asks to move {version} to {to}"


def _decided(word: str) -> Callable[[str, _Details], str]:
    def tell(name: str, details: _Details) -> str:
        sentence = f"{name} to move {details.get('version')} to {details.get('to')} was {word}"
        return f"{sentence} (now {details['status']})" if details.get("status") else sentence

    return tell


def _stands(word: str) -> Callable[[str, _Details], str]:
    def tell(name: str, details: _Details) -> str:
        effect = {"limit": "; nothing new may start", "stop": "; it may not run"}
        said = effect.get(str(details.get("effect")), "")
        return f"the approval of {details.get('version')} by {name} {word}{said}"

    return tell


def _due(word: str) -> Callable[[str, _Details], str]:
    def tell(name: str, details: _Details) -> str:
        return f"{name} for {details.get('owner')} about {details.get('version')} {word}"

    return tell


def _measured(name: str, details: _Details) -> str:
    state = f", {details['state']}" if details.get("state") else ""
    return f"{details.get('purpose')} of {name} was measured ({details.get('evidence')}{state})"


def _counted(what: str) -> Callable[[str, _Details], str]:
    def tell(name: str, details: _Details) -> str:
        return f"{details.get('rows')} {what} of {name} arrived"

    return tell


def _watched(name: str, details: _Details) -> str:
    revision, off = (
        details.get("revision"),
        ", switched off" if details.get("active") is False else "",
    )
    again = f" (revision {revision})" if revision != 1 else ""
    return f"{name} is watched by the {details.get('grain')}{again}{off}"


def _ran(name: str, details: _Details) -> str:
    return (
        f"the monitor of {name} counted {details.get('rows')} rows and measured "
        f"{details.get('windows')} windows"
    )


def _moment(text: object) -> str:
    """Write a stored time the way people read it."""
    return f"{datetime.fromisoformat(str(text)):%-d %b %Y, %H:%M} UTC" if text else "another time"


def _alert(what: str) -> Callable[[str, _Details], str]:
    def tell(name: str, details: _Details) -> str:
        about = f"{details.get('severity')}, {details.get('cause')} of {details.get('version')}"
        return f"{name} {what} ({about.replace('_', ' ')})"

    return tell


def _incident(what: str) -> Callable[[str, _Details], str]:
    return lambda name, _: f"{name} {what}"


TOLD: Mapping[str, Callable[[str, _Details], str]] = {
    "usecase.add": lambda name, d: f"use case {name} was registered, risk tier {d.get('tier')}",
    "usecase.kpis": lambda name, _: f"the targets of {name} changed",
    "model.add": lambda name, d: f"model {name} was registered for {d.get('use_case')}",
    "version.add": lambda name, _: f"version {name} was registered",
    "version.move": _moved,
    "dataset.add": lambda name, d: f"dataset {name} was registered, from {d.get('source')}",
    "snapshot.add": lambda name, d: f"snapshot {name} was kept, {d.get('rows')} rows",
    "predictions.ingest": _counted("predictions"),
    "outcomes.ingest": _counted("outcomes"),
    "monitor.define": _watched,
    "monitor.run": _ran,
    "alert.open": _alert("was raised"),
    "alert.acknowledge": _alert("was taken on"),
    "alert.assign": lambda name, d: f"{name} was given to {d.get('after')}",
    "alert.snooze": lambda name, d: f"{name} was snoozed until {_moment(d.get('until'))}",
    "alert.resolve": _alert("was resolved"),
    "alert.judge": lambda name, d: (
        f"{name} was called a {'true' if d.get('after') else 'false'} alarm"
    ),
    "alert.clear": _alert("is over"),
    "alert.reopen": _alert("is back"),
    "alert.escalate": _alert("was escalated"),
    "incident.open": lambda name, d: f"{name} was opened, gravity {d.get('gravity')}",
    "incident.acknowledge": lambda name, d: f"{d.get('after')} took {name} on",
    "incident.contain": lambda name, d: f"{name} was contained: {d.get('how')}",
    "incident.resolve": _incident("was resolved; the reason is its root cause"),
    "incident.close": _incident("was closed"),
    "incident.reopen": _incident("was reopened"),
    "incident.regrade": lambda name, d: f"{name} is {d.get('after')} instead of {d.get('before')}",
    "incident.note": _incident("got a note"),
    "incident.classify": lambda name, d: (
        f"{name} falls under {d.get('after') or 'no duty to report'}"
    ),
    "incident.report": _incident("was reported"),
    "incident.waive": _incident("need not be reported"),
    "incident.action": lambda name, d: f"{name}: action {d.get('number')} for {d.get('owner')}",
    "incident.action_done": lambda name, d: f"{name}: action {d.get('number')} is done",
    "incident.link": _incident("got alerts or evidence"),
    "evidence.add": _measured,
    "pack.export": lambda name, _: f"the evidence pack of {name} was taken",
    "request.open": _asked,
    "request.approve": _decided("approved by one person"),
    "request.reject": _decided("rejected"),
    "request.return": _decided("returned"),
    "request.approve_with_conditions": _decided("approved with conditions by one person"),
    "request.abstain": _decided("abstained from"),
    "request.recuse": _decided("left to others by somebody with a conflict of interest"),
    "request.withdraw": _decided("withdrawn"),
    "request.supersede": _decided("replaced by a newer request"),
    "request.expire": _decided("closed undecided"),
    "request.remind": _decided("remembered: it waits"),
    "request.escalate": _decided("escalated: it waits too long"),
    "request.unmeetable": _decided("found impossible to decide"),
    "approval.valid": _stands("holds"),
    "approval.expiring": _stands("nears its end"),
    "approval.stale": _stands("lost its ground"),
    "approval.expired": _stands("is over"),
    "approval.revoked": _stands("was taken back"),
    "approval.superseded": _stands("made room for a later one"),
    "finding.open": _due("has to be done"),
    "finding.answer": _due("was answered"),
    "finding.close": _due("is closed"),
    "finding.extend": _due("has more time"),
    "finding.overdue": _due("is overdue"),
    "gate.break_glass": lambda name, d: f"{name} was started against the gate ({d.get('finding')})",
    "policy.draft": lambda name, _: f"policy {name} was drafted",
    "policy.publish": lambda name, _: f"policy {name} is in force",
    "policy.discard": lambda name, _: f"the draft of policy {name} was dropped",
    "delegation.grant": lambda _, d: f"{d.get('giver')} lets {d.get('taker')} decide for them",
}
"""How each action is told; an action not named here tells its own name."""
