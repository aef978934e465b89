"""What a signature binds: who, in which role, with what meaning, when, and over which bundle."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from lifecycle.domain.actor import Role
from lifecycle.domain.audit import canonical, plain


class Meaning(StrEnum):
    """What somebody says by signing."""

    AUTHORED = "authored"
    REVIEWED = "reviewed"
    APPROVED = "approved"


METHODS = {
    "password": "password asked again",
    "oidc": "signed in again with the identity provider",
    "token": "personal token",
    "sample": "sample person, nothing was asked",
}
"""How the signer proved who they are at the moment of signing."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A person's name under something.

    Parameters
    ----------
    display
        The signer's name as people know it, sealed: it can be forgotten and the hash still holds.
    bundle
        The hash of what was signed: policy, version and evidence.
    method
        One of `METHODS`.
    on_behalf_of
        Whose authority a delegate used; ``None`` for one's own.
    """

    name: str
    display: str
    roles: frozenset[Role]
    meaning: Meaning
    at: datetime
    bundle: str
    method: str
    on_behalf_of: str | None = None

    @property
    def sha256(self) -> str:
        """The hash of everything above, as the trail keeps it."""
        content = plain(self) | {"roles": sorted(self.roles)}  # type: ignore[operator] -- a record becomes a mapping
        return hashlib.sha256(canonical(content).encode()).hexdigest()

    def line(self, display: str) -> str:
        """Write it as exports and screens print it, with the name where it can be read."""
        for_whom = f" on behalf of {self.on_behalf_of}" if self.on_behalf_of else ""
        when = self.at.astimezone(UTC).isoformat(sep=" ", timespec="seconds")
        return (
            f"{self.meaning.capitalize()} by {display} ({self.name}), "
            f"{' and '.join(sorted(self.roles))}{for_whom}, {when.replace('+00:00', ' UTC')}, "
            f"{METHODS.get(self.method, self.method)}, bundle {self.bundle}"
        )
