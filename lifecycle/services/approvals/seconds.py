"""Who may agree that what an approval, an emergency or a broken glass left is done."""

from lifecycle.domain.actor import Actor
from lifecycle.domain.delegation import deciding
from lifecycle.domain.finding import Finding, Kind
from lifecycle.domain.model import Stage
from lifecycle.domain.terms import Override
from lifecycle.errors import FourEyesViolation, NotAllowed
from lifecycle.services.approvals import cases
from lifecycle.store import models, requests, usecases
from lifecycle.store.connection import Connection


def started_as(stage: Stage) -> Stage:
    """Return the stage whose gate judges a start: a suspended version was in production."""
    return Stage.PRODUCTION if stage is Stage.SUSPENDED else stage


def check(con: Connection, found: Finding, *, by: Actor) -> None:
    """Refuse whoever is no second person to what a finding is about.

    Of what a request left that is whoever was barred from it; of an emergency's review also whoever
    voted on the emergency; of a broken glass the version's developer, and whoever has none of the
    roles that may override that gate.

    Raises
    ------
    FourEyesViolation
        They have a part in it.
    NotAllowed
        The policy lets others override this gate.
    """
    if found.request_id is None:
        _check_glass(con, found, by=by)
        return
    asked = requests.get(con, found.request_id)
    if by.name in asked.barred:
        raise FourEyesViolation(
            f"{by.name} has a part in {asked.id}, so somebody else decides on {found.id}"
        )
    voted = frozenset[str]().union(*(decision.people for decision in asked.decisions))
    if found.kind is Kind.REVIEW and by.name in voted:
        raise FourEyesViolation(
            f"{by.name} voted on the emergency change {asked.id}, so somebody else reviews it"
        )


def _check_glass(con: Connection, found: Finding, *, by: Actor) -> None:
    version = models.version_by_id(con, found.version_id)
    if by.name == version.developer:
        raise FourEyesViolation(f"{by.name} developed {version.id}, so somebody else reviews it")
    override = _override(con, found.version_id, started_as(version.stage))
    if override is not None and not deciding(by.roles) & override.roles:
        who = " or ".join(sorted(override.roles))
        raise NotAllowed(f"the policy lets {who} override this gate, and so review {found.id}")


def _override(con: Connection, version_id: str, to: Stage) -> Override | None:
    use_case = usecases.get(con, models.get(con, version_id.partition("/")[0]).use_case_id)
    gate = cases.in_force(con, use_case).gates.get(use_case.tier, {}).get(to)
    return None if gate is None else gate.terms.override
