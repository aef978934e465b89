"""What was true at a time: stages, approvals, evidence and policies, told by the trail's events.

Events are folded in the order of the chain, so the answer needs no table that could have changed
since, and today's answer must be what the tables say today.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.model import Stage
from lifecycle.domain.standing import ENDED, Standing

VOTES = frozenset(
    {"approve", "approve_with_conditions", "reject", "return", "abstain", "recuse", "override"}
)
"""Second words of the request events that somebody signed."""


@dataclass(frozen=True, slots=True)
class Vote:
    """Who decided what on a request, when and why."""

    by: str
    at: datetime
    vote: str
    reason: str
    details: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it stood: what it was pinned to, and the votes so far."""

    id: str
    version_id: str
    to: str
    by: str
    at: datetime
    reason: str
    policy: str
    policy_sha256: str
    bundle: str
    evidence: tuple[str, ...]
    status: str = "open"
    votes: tuple[Vote, ...] = ()

    @property
    def approved_by(self) -> tuple[str, ...]:
        """Whose votes approved it."""
        return tuple(v.by for v in self.votes if v.vote.startswith("approve"))


@dataclass(frozen=True, slots=True)
class Proved:
    """A piece of evidence that was there."""

    id: str
    sha256: str
    purpose: str
    state: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Then:
    """A version as it stood.

    Parameters
    ----------
    since
        When it came to its stage, and `moved_by` who brought it there.
    request
        The request that brought it there; ``None`` for a version that was never moved by one.
    standing
        What its approval was worth: ``valid``, ``stale``, ``expired``, ``revoked`` …; empty where
        no approval is on record.
    effect
        What could go on with an approval that lost its ground: ``keep``, ``limit`` or ``stop``.
    expires_at
        When its approval ends or ended by itself, and `told_at` when its standing was found.
    evidence
        All evidence that was there, not only what the request stood on.
    """

    version_id: str
    stage: Stage
    since: datetime
    moved_by: str
    request: Asked | None = None
    standing: str = ""
    effect: str = ""
    expires_at: datetime | None = None
    told_at: datetime | None = None
    evidence: tuple[Proved, ...] = ()

    @property
    def live(self) -> bool:
        """Whether it was in production."""
        return self.stage is Stage.PRODUCTION


@dataclass(frozen=True, slots=True)
class InForce:
    """A policy in force, by its newest publication."""

    name: str
    version: str
    sha256: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Portfolio:
    """Everything the trail says about one moment."""

    versions: tuple[Then, ...]
    policies: tuple[InForce, ...]
    open_requests: tuple[Asked, ...]


def told_by(events: Iterable[AuditEvent], *, at: datetime) -> Portfolio:
    """Fold events, in the order of the chain, into what was true after the last of them.

    Parameters
    ----------
    at
        The time asked about: an approval that has ended by then is over, whether or not a clock
        has run and said so.
    """
    versions: dict[str, Then] = {}
    requests: dict[str, Asked] = {}
    policies: dict[str, InForce] = {}
    for event in events:
        kind, _, name = event.subject.partition(":")
        if kind == "policy" and event.action == "policy.publish":
            title, _, number = name.rpartition(" ")
            sha256 = _text(event, "sha256")
            policies[title] = InForce(title, number, sha256, event.by, event.at)
        elif kind == "request":
            _follow_request(requests, versions, event, name)
        elif kind == "version":
            _follow_version(versions, requests, event, name)
    waiting = tuple(asked for asked in requests.values() if asked.status == "open")
    by_name = tuple(_at(versions[name], at) for name in sorted(versions))
    return Portfolio(by_name, tuple(policies.values()), waiting)


def _at(version: Then, at: datetime) -> Then:
    ends, told = version.expires_at, version.told_at
    if ends is None or version.standing in ENDED or at < ends:
        return version
    # What was told after the end knew of it: a policy may let things go on as stale.
    return version if told and told >= ends else replace(version, standing=Standing.EXPIRED)


def _follow_version(
    versions: dict[str, Then], requests: Mapping[str, Asked], event: AuditEvent, name: str
) -> None:
    known = versions.get(name)
    if event.action == "version.add":
        stage = Stage(_text(event, "stage") or Stage.DRAFT)
        versions[name] = Then(name, stage, event.at, event.by)
    elif event.action == "version.move" and known is not None:
        asked = requests.get(_text(event, "request"))
        versions[name] = replace(
            known,
            stage=Stage(_text(event, "after")),
            since=event.at,
            moved_by=event.by,
            # A version that made room was moved by somebody else's request.
            request=asked if asked and asked.version_id == name else None,
            standing="",
            effect="",
            expires_at=None,
            told_at=None,
        )
    elif event.action == "evidence.add" and known is not None:
        found = Proved(
            id=_text(event, "evidence"),
            sha256=_text(event, "sha256"),
            purpose=_text(event, "purpose"),
            state=_text(event, "state"),
            by=event.by,
            at=event.at,
        )
        versions[name] = replace(known, evidence=(*known.evidence, found))


def _follow_request(
    requests: dict[str, Asked], versions: dict[str, Then], event: AuditEvent, name: str
) -> None:
    first, _, second = event.action.partition(".")
    known = requests.get(name)
    if event.action == "request.open":
        requests[name] = _opened(event, name)
    elif first == "approval":
        version = versions.get(_text(event, "version"))
        # What renews an approval moves nothing.
        renewed = version and second == "valid" and _text(event, "stage") == version.stage and known
        if version is not None and renewed:
            version = replace(version, request=known)
        if version is not None and version.request is not None and version.request.id == name:
            ends = _text(event, "expires_at")
            versions[version.version_id] = replace(
                version,
                standing=second,
                effect=_text(event, "effect"),
                expires_at=datetime.fromisoformat(ends) if ends else None,
                told_at=event.at,
            )
    elif known is not None and first == "request":
        status = _text(event, "status") or ENDS.get(second, known.status)
        votes = known.votes
        if second in VOTES:
            votes = (*votes, Vote(event.by, event.at, second, event.reason, event.details))
        requests[name] = replace(known, status=status, votes=votes)


ENDS = {"withdraw": "withdrawn", "supersede": "superseded", "expire": "expired"}
"""What a request is after an event that names no status."""


def _opened(event: AuditEvent, name: str) -> Asked:
    evidence = cast("Sequence[object]", event.details.get("evidence") or ())
    return Asked(
        id=name,
        version_id=_text(event, "version"),
        to=_text(event, "to"),
        by=event.by,
        at=event.at,
        reason=event.reason,
        policy=_text(event, "policy"),
        policy_sha256=_text(event, "policy_sha256"),
        bundle=_text(event, "bundle"),
        evidence=tuple(str(one) for one in evidence),
    )


def _text(event: AuditEvent, key: str) -> str:
    value = event.details.get(key)
    return "" if value is None else str(value)
