"""Who works in the sample portfolio: one person per role."""

from lifecycle.domain.actor import Actor, Role

PEOPLE: dict[Role, tuple[str, str]] = {
    Role.VIEWER: ("vera", "Vera Lindqvist"),
    Role.DEVELOPER: ("devi", "Devi Raman"),
    Role.VALIDATOR: ("valentin", "Valentin Moreau"),
    Role.APPROVER: ("april", "April Okafor"),
    Role.RISK_OWNER: ("rhea", "Rhea Sorensen"),
    Role.AUDITOR: ("audrey", "Audrey Castellanos"),
    Role.ADMINISTRATOR: ("adam", "Adam Brandt"),
}
"""Account name and display name by role."""


def actor(role: Role) -> Actor:
    """Return the sample person of a role, as the services see them."""
    return Actor(PEOPLE[role][0], frozenset({role}), via="sample")
