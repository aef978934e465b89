"""What happens because time passes: reminders, escalation, expiry; never an approval."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from lifecycle.domain.approval import Status
from lifecycle.domain.standing import CLOCK, ENDED, Standing
from lifecycle.errors import LifecycleError
from lifecycle.services.approvals import cases, standing, telling
from lifecycle.services.approvals.able import eligible, notice, notice_lack
from lifecycle.store import approvals, audit, models, requests
from lifecycle.store.connection import Connection, Workspace

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tick:
    """What one look at the clock brought about, as sentences."""

    sentences: tuple[str, ...] = ()


LOOK_AHEAD = timedelta(days=40)
"""How long before its end an approval is looked at every time; the daily sweep looks at all."""


def tick(workspace: Workspace, *, at: datetime) -> Tick:
    """Look at everything that has a date; to be called every few minutes, and safe to repeat.

    A clock that jumps back finds nothing new and takes nothing back: notices are remembered, and
    what has ended stays so. Once a day every approval is judged again. Everything is looked at in
    a transaction of its own, so that nobody waits for a large portfolio.
    """
    con = workspace.cursor()
    done: list[str] = []
    for request in reversed(requests.every(con, status=Status.OPEN)):
        done += _alone(workspace, request.id, partial(_open_request, request_id=request.id, at=at))
    for finding in approvals.findings(con):
        if finding.overdue(at):
            done += _alone(workspace, finding.id, partial(_overdue, finding_id=finding.id, at=at))
    swept = f"swept {at:%Y-%m-%d}"
    sweep = not approvals.noticed(con, "approvals", swept)
    for version_id in _approved(con) if sweep else _nearing(con, at=at):
        done += _alone(workspace, version_id, partial(_standing, version_id=version_id, at=at))
    if sweep:  # remembered at the end, so that one that was cut short begins again
        with workspace.transaction() as tx:
            approvals.give_notice(tx, "approvals", swept, at=at)
    return Tick(tuple(done))


def _alone(
    workspace: Workspace, subject: str, look: Callable[[Connection], list[str]]
) -> list[str]:
    """Look at one record in a transaction of its own; what is wrong with it stops no other."""
    try:
        with workspace.transaction() as tx:
            return look(tx)
    except LifecycleError as error:
        return [f"{subject} could not be looked at: {error}"]
    except Exception:
        log.exception("the clock could not look at %s", subject)
        return [f"{subject} could not be looked at, by a fault of ours; the log has more"]


def _overdue(tx: Connection, *, finding_id: str, at: datetime) -> list[str]:
    """Tell once of each date that passed; more time makes a new one."""
    finding = approvals.finding(tx, finding_id)
    date = f"overdue {finding.due_at:%Y-%m-%d}"
    if not finding.overdue(at) or not approvals.give_notice(tx, finding.id, date, at=at):
        return []
    said = f"{finding.id} for {finding.owner} was due on {finding.due_at:%Y-%m-%d}"
    telling.due(tx, finding, at=at)
    late = replace(finding.opened(), action="finding.overdue", reason=said)
    audit.append(tx, replace(late, by=CLOCK, at=at, via="clock"))
    return [said]


def _standing(tx: Connection, *, version_id: str, at: datetime) -> list[str]:
    found = [
        f"{a.request_id} of {a.version_id} is {a.standing}: {'; '.join(a.reasons.values())}"
        for a in standing.refresh(tx, version_id, at)
    ]
    _ending(tx, version_id, at=at)
    return found


def _ending(tx: Connection, version_id: str, *, at: datetime) -> None:
    """Give notice of an end that another standing hides: what is stale ends all the same."""
    for approval in approvals.of_version(tx, version_id):
        if approval.standing is not Standing.STALE or approval.expires_at is None:
            continue
        terms = cases.terms_of(tx, requests.get(tx, approval.request_id))
        near = approval.expires_at - timedelta(days=terms.notice_days) <= at
        what = f"ends {approval.expires_at:%Y-%m-%d}"
        if near and approvals.give_notice(tx, approval.request_id, what, at=at):
            telling.ends(tx, approval, at=at)


def _nearing(con: Connection, *, at: datetime) -> list[str]:
    """Return the versions whose approval may change by time alone."""
    ending = {
        a.version_id
        for a in approvals.of_version(con)
        if a.standing not in ENDED and a.expires_at and at >= a.expires_at - LOOK_AHEAD
    }
    return sorted(ending | {f.version_id for f in approvals.findings(con) if f.overdue(at)})


def _approved(con: Connection) -> list[str]:
    """Return the versions with an approval that can still change."""
    ended = {a.request_id for a in approvals.of_version(con) if a.standing in ENDED}
    stages = {version.id: version.stage for version in models.versions(con)}
    return sorted(
        {
            r.version_id
            for r in requests.every(con, status=Status.APPROVED)
            if r.id not in ended and stages[r.version_id] is r.to
        }
    )


def _open_request(tx: Connection, *, request_id: str, at: datetime) -> list[str]:
    request = requests.get(tx, request_id)
    if request.status is not Status.OPEN:
        return []  # decided since the list was read
    terms = cases.terms_of(tx, request)
    if at > terms.closes_at(request.requested_at):
        expired, event = request.expire(by=CLOCK, at=at, terms=terms)
        requests.update(tx, expired, expected=len(request.decisions))
        audit.append(tx, replace(event, via="clock"))
        telling.waits(tx, request, "expire", eligible(tx, request, terms=terms), terms=terms, at=at)
        return [f"{request.id} expired undecided"]
    people = eligible(tx, request, terms=terms)
    waited = at - request.requested_at
    said = notice_lack(tx, request, terms=terms, at=at)
    for kind, days in (("escalate", terms.escalate_days), ("remind", terms.remind_days)):
        if waited >= timedelta(days=days):
            sentence = f"undecided for {days:g} days"
            said += notice(tx, request, kind, sentence, people, terms=terms, at=at)
    return said
