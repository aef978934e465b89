"""What a rule may look at, gathered on the server, and the hash over it."""

from collections.abc import Iterable
from datetime import datetime

from lifecycle.domain.approval import Request, bundle_of
from lifecycle.domain.evidence import Evidence
from lifecycle.domain.measurement import State
from lifecycle.domain.model import Stage, Version
from lifecycle.domain.policy import Policy
from lifecycle.domain.reach import UNIT
from lifecycle.domain.rules import Case
from lifecycle.domain.terms import Terms
from lifecycle.domain.usecase import Tier, UseCase
from lifecycle.errors import InvalidInput, StaleEvidence
from lifecycle.services import withholding
from lifecycle.store import evidence, health, models, monitors, usecases
from lifecycle.store import policies as published
from lifecycle.store.connection import Connection

SCORED = frozenset({Stage.PRODUCTION, Stage.SUSPENDED})
"""Stages in which a version scores, so that nothing measured is too little and not too early."""


def case_of(
    con: Connection, model_id: str, version: str, *, at: datetime, shown_from: int = 0
) -> Case:
    """Gather everything a rule may look at: records, newest evidence, monitored health.

    Parameters
    ----------
    shown_from
        Fewest rows of a group of which its verdicts may tell.
    """
    model = models.get(con, model_id)
    subject = models.version(con, model_id, version)
    newest = evidence.newest(con, subject.id)
    return Case(
        use_case=usecases.get(con, model.use_case_id),
        model=model,
        version=subject,
        evidence=tuple(newest),
        health=health_of(con, subject),
        at=at,
        limited=evidence.limited(con, model_id).get(model_id, ()),
        shown={e.id: withholding.shown(e, shown_from=shown_from) for e in newest},
    )


def case_under(con: Connection, request: Request, *, at: datetime, shown_from: int = 0) -> Case:
    """Gather the same for the version that a request is about."""
    model_id, _, version = request.version_id.partition("/")
    return case_of(con, model_id, version, at=at, shown_from=shown_from)


def health_of(con: Connection, version: Version) -> State:
    """Return what monitoring says; where it should and is silent, that is too little."""
    known = health.states(con, version_id=version.id).get(version.id)
    if known is not None:
        return known
    return silence(version, watched=monitors.current(con, version.id) is not None)


def silence(version: Version, *, watched: bool) -> State:
    """Return what it means that monitoring says nothing about a version."""
    expected = watched or version.stage in SCORED
    return State.INSUFFICIENT if expected else State.NOT_APPLICABLE


def in_force(con: Connection, use_case: UseCase) -> Policy:
    """Return the policy that holds for a use case, its unit's own included."""
    return published.in_force(con, use_case.tags.get(UNIT, ""))


def bundle(case: Case, policy: Policy) -> str:
    """Hash what a request for this case would stand on now."""
    found = [e.sha256 for e in latest(case)]
    return bundle_over(case.version, policy.sha256, tier=case.use_case.tier, evidence=found)


def bundle_over(version: Version, policy: str, *, tier: Tier, evidence: Iterable[str]) -> str:
    """Hash the same from its parts; of the policy its hash."""
    # The tier decides which gate applies, so a version in another tier is another subject.
    subject = f"{version.sha256}:{version.stage}:{tier}"
    return bundle_of(policy=policy, version=subject, evidence=evidence)


def latest(case: Case) -> list[Evidence]:
    """Return the newest evidence of each purpose, which is what a gate judges."""
    purposes = sorted({e.purpose for e in case.evidence})
    return [found for purpose in purposes if (found := case.latest(purpose)) is not None]


def pinned(con: Connection, request: Request) -> Policy:
    """Return the policy that a request was opened under, and is decided by.

    Raises
    ------
    StaleEvidence
        It is not the wording that the request was opened under.
    """
    policy = published.labelled(con, request.policy)
    if policy.sha256 != request.policy_sha256:
        raise StaleEvidence(
            f"policy {request.policy} is not as {request.id} was opened under it; withdraw the "
            "request and ask again"
        )
    return policy


def terms_of(con: Connection, request: Request) -> Terms:
    """Return the terms a request was opened under, in an emergency those of the override.

    Raises
    ------
    InvalidInput
        Its policy knows no emergency there.
    """
    terms = published.labelled(con, request.policy).gate(request.tier, request.to).terms
    if not request.emergency:
        return terms
    overriding = terms.overriding()
    if overriding is None:
        raise InvalidInput(f"policy {request.policy} lets nobody override the gate to {request.to}")
    return overriding
