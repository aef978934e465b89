"""Secrets at rest: encrypted with a key in a file beside the database that only its owner reads.

The key stays out of backups, so a copy of the database alone gives nothing away; after a restore
on another machine the secrets are entered again.
"""

import os
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from lifecycle.errors import DamagedStore

KEY = Path("keys") / "secrets.key"
PRIVATE = 0o600
"""Read and written by the owner of the file alone."""


def seal(home: Path, text: str) -> str:
    """Encrypt a text; the first time, the key is made."""
    return Fernet(_key(home, make=True)).encrypt(text.encode()).decode()


def unseal(home: Path, sealed: str) -> str:
    """Decrypt what `seal` wrote in this workspace.

    Raises
    ------
    DamagedStore
        The key is missing or another one.
    """
    try:
        return Fernet(_key(home, make=False)).decrypt(sealed.encode()).decode()
    except (InvalidToken, OSError, ValueError) as error:
        raise DamagedStore(
            f"the secret cannot be read, because {home / KEY} is not the key it was sealed with; "
            "enter it again"
        ) from error


def _key(home: Path, *, make: bool) -> bytes:
    file = home / KEY
    if make and not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
            with os.fdopen(handle, "wb") as out:
                out.write(Fernet.generate_key())
                out.flush()
                os.fsync(out.fileno())
    return file.read_bytes()
