"""Which policies are in force: written by one person, published by a second, then never changed."""

from collections.abc import Mapping
from datetime import datetime
from importlib import resources

from lifecycle.domain.actor import Actor, Permission, Role
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.policy import CENTRAL, Policy
from lifecycle.domain.policy_check import problems
from lifecycle.domain.policy_difference import Direction, differences
from lifecycle.domain.reach import Reach
from lifecycle.domain.rules import Limit
from lifecycle.domain.terms import DECIDERS
from lifecycle.errors import Conflict, FourEyesViolation, InvalidInput, NotFound, StaleEvidence
from lifecycle.services.access.places import require_everywhere
from lifecycle.services.policies.reading import located, read
from lifecycle.stats import catalogue
from lifecycle.store import audit, people, policy_drafts
from lifecycle.store import policies as published
from lifecycle.store.connection import Connection, Workspace
from lifecycle.store.policy_drafts import Draft


def draft(workspace: Workspace, content: str, *, by: Actor, at: datetime) -> Draft:
    """Keep a policy as a draft, or the next wording of one; nothing is in force by it.

    Raises
    ------
    InvalidInput
        It cannot be read, contradicts itself or can never be met; the sentence names the line.
    Conflict
        This version is published already, and what is published never changes.
    """
    by.require(Permission.RULE)
    policy = read(content)
    _require(policy, by=by)
    with workspace.transaction() as tx:
        _refuse_known(tx, policy)
        check(tx, policy, content=content)
        kept = policy_drafts.put(tx, policy, text=content, by=by.name, at=at)
        audit.append(tx, _event("policy.draft", policy, by=by, at=at))
    return kept


def publish(
    workspace: Workspace,
    name: str,
    version: str,
    *,
    by: Actor,
    at: datetime,
    seen: str | None = None,
    reason: str = "",
) -> Policy:
    """Put a draft in force; open requests keep their policy and become stale.

    Parameters
    ----------
    seen
        The hash of the draft that the page showed.

    Raises
    ------
    FourEyesViolation
        This person wrote the draft, or part of it.
    StaleEvidence
        The draft is not what the page showed.
    InvalidInput
        Since it was written it has become impossible to meet.
    """
    by.require(Permission.RULE)
    with workspace.transaction() as tx:
        kept = policy_drafts.get(tx, name, version)
        policy = read(kept.text)
        _require(policy, by=by)
        _refuse_known(tx, policy)
        if by.name in kept.authors:
            raise FourEyesViolation(f"{by.name} wrote {policy.label}, so a second person publishes")
        if seen is not None and seen != policy.sha256:
            raise StaleEvidence(f"{policy.label} is not what the page showed; open it again")
        check(tx, policy, content=kept.text)
        before = _in_force(tx, policy)
        published.add(tx, policy, at=at, by=by.name)
        policy_drafts.remove(tx, name, version)
        details = {"authors": list(kept.authors), "supersedes": before.label if before else None}
        audit.append(
            tx, _event("policy.publish", policy, by=by, at=at, reason=reason, details=details)
        )
    return policy


def discard(
    workspace: Workspace, name: str, version: str, *, reason: str, by: Actor, at: datetime
) -> None:
    """Drop a draft; what it said stays in the trail by its hash."""
    by.require(Permission.RULE)
    with workspace.transaction() as tx:
        policy = read(policy_drafts.get(tx, name, version).text)
        _require(policy, by=by)
        policy_drafts.remove(tx, name, version)
        audit.append(tx, _event("policy.discard", policy, by=by, at=at, reason=reason))


def _require(policy: Policy, *, by: Actor) -> None:
    """Refuse whoever's roles do not reach all that a policy is about: its unit, or everything."""
    if not policy.unit or by.reach.tiers or policy.unit not in by.reach.units:
        require_everywhere(Permission.RULE, by=by)


def check(con: Connection, policy: Policy, *, content: str) -> None:
    """Refuse a policy that contradicts itself, can never be met or loosens the central one.

    Raises
    ------
    InvalidInput
        The sentences name the line and key.
    """
    found = [
        *problems(policy, people=deciding(con)),
        *_unknown_statistics(policy),
        *_looser(con, policy),
    ]
    if found:
        raise InvalidInput("; ".join(located(content, sentence) for sentence in found))


def deciding(con: Connection) -> list[tuple[frozenset[Role], Reach]]:
    """Return the deciding roles of every open account that is no administrator's, and its reach."""
    return [
        (person.roles & frozenset(DECIDERS), person.reach)
        for person in people.every(con)
        if person.active and Role.ADMINISTRATOR not in person.roles
    ]


def shipped() -> list[Policy]:
    """Return the policies that come with the product."""
    folder = resources.files("lifecycle") / "policies"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)
    return [read(f.read_text(encoding="utf-8")) for f in files]


def install(workspace: Workspace, *, by: Actor, at: datetime) -> list[Policy]:
    """Publish the shipped policies of which no version was ever published here."""
    by.require(Permission.ADMINISTER)
    with workspace.transaction() as tx:
        known = {policy.name for policy in published.every(tx)}
        fresh = [policy for policy in shipped() if policy.name not in known]
        for policy in fresh:
            published.add(tx, policy, at=at, by=by.name)
            audit.append(tx, _event("policy.publish", policy, by=by, at=at))
    return fresh


def _in_force(con: Connection, policy: Policy) -> Policy | None:
    try:
        return published.current(con, policy.name)
    except NotFound:
        return None


def _unknown_statistics(policy: Policy) -> list[str]:
    known = {s.name for s in catalogue.ALL}
    return [
        f"tiers.{tier}.{stage}.rules[{i}].statistic: {named.rule.statistic!r} is no statistic of "
        "the catalogue"
        for tier, stages in policy.gates.items()
        for stage, gate in stages.items()
        for i, named in enumerate(gate.rules)
        if isinstance(named.rule, Limit) and named.rule.statistic not in known
    ]


def _looser(con: Connection, policy: Policy) -> list[str]:
    """Say where a unit's policy asks for less than the central one, where it says anything."""
    if not policy.unit:
        return []
    central = published.current(con, CENTRAL)
    return [
        f"tiers.{change.where}: {change.after} is looser than the central policy "
        f"{central.label}, which says {change.before}"
        for change in differences(central, policy)
        if change.direction is Direction.LOOSER
        and change.before
        and change.after
        and _stated(policy, change.where)
    ]


def _stated(policy: Policy, where: str) -> bool:
    """Tell whether a policy says anything itself where it differs, or leaves it open."""
    tier, stage, key, cause, *_ = (*where.split("."), "")
    content: object = policy.content["tiers"]
    for part in (tier, stage):
        content = content.get(part) if isinstance(content, Mapping) else None
    if key == "stale" and isinstance(content, Mapping):
        content, key = content.get(key), cause
    keys = {"quorum", "approvals", "roles"} if key == "quorum" else {key}
    return isinstance(content, Mapping) and bool(keys & set(content))


def _event(
    action: str,
    policy: Policy,
    *,
    by: Actor,
    at: datetime,
    reason: str = "",
    details: Mapping[str, object] | None = None,
) -> AuditEvent:
    content = {"sha256": policy.sha256, "description": policy.description, **(details or {})}
    subject = f"policy:{policy.label}"
    return AuditEvent(action, subject, by.name, at, reason=reason, via=by.via, details=content)


def _refuse_known(tx: Connection, policy: Policy) -> None:
    try:
        known = published.get(tx, policy.name, policy.version)
    except NotFound:
        return
    label = f"policy {policy.label}"
    if known.sha256 == policy.sha256:
        raise Conflict(f"{label} is published already, with the same content")
    raise Conflict(f"{label} is published and cannot change; give this one a new version")
