"""The tables of governance records: one row per version, evidence, request, event."""

from collections.abc import Iterable
from typing import Any

from lifecycle.charts import wording
from lifecycle.charts.theme import STATES, UNLIMITED
from lifecycle.domain.approval import Request
from lifecycle.domain.audit import Link
from lifecycle.domain.dataset import Dataset, Snapshot
from lifecycle.domain.evidence import Evidence
from lifecycle.domain.measurement import State
from lifecycle.domain.model import Version
from lifecycle.domain.monitor import Monitor
from lifecycle.domain.usecase import QUESTIONNAIRE, UseCase

HASH = 12
"""Characters of a hash that are shown; exports of evidence carry it whole."""

Row = dict[str, Any]


def state(value: State) -> str:
    """Write a state for a table cell: mark and word."""
    return f"{STATES[value].mark} {STATES[value].word}"


def drivers(use_case: UseCase) -> list[str]:
    """Name the questions whose answers made the risk tier, each with its answer."""
    asked = {question.id: question for question in QUESTIONNAIRE.questions}
    found: list[str] = []
    for driver in use_case.tiering.drivers:
        question = asked[driver]
        found.append(f"{question.text} {question.answers[use_case.answers[driver]].text}.")
    return found


def versions(given: Iterable[Version]) -> list[Row]:
    """Return versions with their lineage."""
    return [
        {
            "version": v.name,
            "stage": str(v.stage),
            "developer": v.developer,
            "registered (UTC)": v.created_at,
            "artefact": (v.artifact or "")[:HASH] or None,
            "format": v.artifact_format,
            "trained on": v.training,
            "compared with": v.reference,
            "code commit": (v.code_commit or "")[:HASH] or None,
            "metrics": ", ".join(f"{k} {wording.number(x)}" for k, x in v.metrics.items()) or None,
            "notes": v.notes or None,
        }
        for v in given
    ]


def snapshots(given: Iterable[tuple[Dataset, Snapshot]]) -> list[Row]:
    """Return snapshots with the terms of their datasets."""
    return [
        {
            "snapshot": s.id,
            "dataset": d.name,
            "source": d.source,
            "rows": s.rows,
            "columns": len(s.columns),
            "from (UTC)": s.start,
            "to (UTC)": s.end,
            "personal data": "yes" if d.personal_data else "no",
            "lawful basis": d.lawful_basis or None,
            "licence": d.licence or None,
            "SHA-256": s.artifact[:HASH],
            "simulated": "yes" if d.simulated else "no",
        }
        for d, s in given
    ]


def columns(snapshot: Snapshot) -> list[Row]:
    """Return a snapshot's columns with their roles."""
    return [{"column": c.name, "type": c.type, "role": str(c.role)} for c in snapshot.columns]


def evidence(given: Iterable[Evidence]) -> list[Row]:
    """Return evidence records, with their state and what they were measured on."""
    return [
        {
            "evidence": e.id,
            "version": e.version_id,
            "purpose": str(e.purpose),
            "state": _came_to(e),
            "measurements": len(e.measurements),
            "snapshot": e.snapshot_id,
            "made (UTC)": e.created_at,
            "by": e.created_by,
        }
        for e in given
    ]


def _came_to(kept: Evidence) -> str:
    """Say what limits made of a record, or that none was set."""
    if kept.state is State.NOT_APPLICABLE:
        return f"{UNLIMITED.mark} {UNLIMITED.word}"
    return state(kept.state)


def requests(given: Iterable[Request]) -> list[Row]:
    """Return requests with their votes."""
    return [
        {
            "request": r.id,
            "version": r.version_id,
            "from": str(r.before),
            "to": str(r.to),
            "status": str(r.status),
            "asked by": r.requested_by,
            "asked (UTC)": r.requested_at,
            "approvals": f"{r.approvals} of {r.quorum}",
            "decided by": ", ".join(f"{d.by}: {d.vote}" for d in r.decisions) or None,
            "policy": r.policy,
            "reason": r.reason,
        }
        for r in given
    ]


def events(given: Iterable[Link]) -> list[Row]:
    """Return links of the audit trail."""
    return [
        {
            "number": link.sequence,
            "at (UTC)": link.event.at,
            "who": link.event.by,
            "did": link.event.action,
            "to": link.event.subject,
            "reason": link.event.reason or None,
            "via": link.event.via,
            "hash": link.hash[:HASH],
        }
        for link in given
    ]


def monitor(given: Monitor) -> dict[str, str]:
    """Say what a monitor watches and how."""
    rule = given.alerts
    why = f": {given.reason}" if given.reason else ""
    return {
        "switched": "on" if given.active else "off",
        "window": str(given.grain),
        "compared with": wording.comparison(given) or "the version's reference snapshot",
        "revision": f"{given.revision}, by {given.created_by}, "
        f"{wording.moment(given.created_at)}{why}",
        "series": f"{given.series}; only measurements of one series are set side by side",
        "numeric columns": ", ".join(given.drift),
        "categorical columns": ", ".join(given.categorical),
        "performance": ", ".join(given.performance) or "the usual ones of its task",
        "measured apart": ", ".join(given.segments) or "no segment",
        "limits set here": _limits(given) or "none",
        "other limits of drift": wording.LIMITS[given.rule],
        "fewest rows": wording.count(given.minimum),
        "outcomes needed": wording.percent(given.maturity),
        "estimated before outcomes": "yes" if given.estimation else "no",
        "windows explained": "yes, each in a job of its own" if given.explanations else "no",
        "worth of a decision": given.costs.sentence if given.costs else "not said",
        "service": _service(given) or "not watched",
        "expectations": wording.counted(len(given.expectations), "check"),
        "correction": f"{wording.CORRECTIONS.get(given.correction, given.correction)} "
        f"at {given.alpha:g}, over everything a run tests",
        "alert": f"{rule.k} of {wording.counted(rule.m, 'window')} beyond the limit",
        "owner": rule.owner or "the model's owner",
        "runbook": rule.runbook or "none",
        "runs": f"by itself, {given.schedule} (UTC)" if given.schedule else "when somebody runs it",
    }


def _limits(given: Monitor) -> str:
    named = [(name, limit) for name, limit in given.limits.items()]
    named += [
        (f"{statistic} of {column}", limit)
        for column, limits in given.column_limits.items()
        for statistic, limit in limits.items()
    ]
    return ", ".join(f"{name} {wording.number(limit)}" for name, limit in named)


def _service(given: Monitor) -> str:
    if given.service is None:
        return ""
    limits = (f"{k} {wording.number(v)}" for k, v in given.service.limits.items())
    return f"{', '.join(given.service.columns)}: {', '.join(limits) or 'no limit'}"
