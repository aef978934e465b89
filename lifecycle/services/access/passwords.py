"""Passwords and secrets: kept as hashes, compared in the same time whoever asks."""

import hashlib
import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from lifecycle.errors import InvalidInput

SHORTEST, LONGEST = 12, 1024
"""Characters; the lower end is ours, the upper keeps hashing from being used to keep us busy."""

_hasher = PasswordHasher()


def hashed(password: str, *, name: str) -> str:
    """Return the argon2 hash of a new password.

    Raises
    ------
    InvalidInput
        It is too short, too long, or holds the account's name.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidInput(f"a password needs {SHORTEST} to {LONGEST} characters")
    if name.lower() in password.lower() and len(password) < 2 * SHORTEST:
        raise InvalidInput("a password must not be built around the account's name")
    return _hasher.hash(password)


def matches(kept: str | None, password: str) -> bool:
    """Compare a password with its hash; without one, take as long and say no."""
    decoy = _decoy()  # made before either path, so the first unknown name is no slower
    try:
        return _hasher.verify(kept or decoy, password[:LONGEST]) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def renewed(kept: str, password: str) -> str | None:
    """Return a fresh hash where the kept one was made with weaker settings than today's."""
    return _hasher.hash(password) if _hasher.check_needs_rehash(kept) else None


def new_secret(prefix: str = "") -> str:
    """Return a secret of 256 random bits, to be shown once."""
    return prefix + secrets.token_urlsafe(32)


def fingerprint(secret: str) -> str:
    """Return what is kept of a secret; looking it up by this compares nothing byte by byte."""
    return hashlib.sha256(secret.encode()).hexdigest()


@cache
def _decoy() -> str:
    return _hasher.hash(secrets.token_urlsafe(32))
