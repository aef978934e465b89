"""Personal texts that can be made unreadable: one key per person, in a file that can be destroyed.

What is written down is ciphertext, so a record that must never change stays as it is when the key
goes. The keys lie beside the signing key: no export and no backup holds them.
"""

import hashlib
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PREFIX = "sealed:1:"
NONCE = 12
"""Bytes, as NIST SP 800-38D recommends."""


def seal(folder: Path, person: str, text: str) -> str:
    """Encrypt a text about a person under their key, made now if they have none."""
    nonce = os.urandom(NONCE)
    sealed = AESGCM(_key(folder, person)).encrypt(nonce, text.encode(), person.encode())
    return PREFIX + urlsafe_b64encode(nonce + sealed).decode()


def unseal(folder: Path, person: str, sealed: str) -> str | None:
    """Decrypt a text about a person; nothing when their key is destroyed or not the one."""
    try:
        data = urlsafe_b64decode(sealed.removeprefix(PREFIX))
        key = _file(folder, person).read_bytes()
        return AESGCM(key).decrypt(data[:NONCE], data[NONCE:], person.encode()).decode()
    except (OSError, ValueError, InvalidTag):
        return None


def is_sealed(value: object) -> bool:
    """Tell whether a value is a text that `seal` wrote."""
    return isinstance(value, str) and value.startswith(PREFIX)


def destroy(folder: Path, person: str) -> None:
    """Overwrite and remove a person's key; what was sealed with it stays unreadable for ever."""
    file = _file(folder, person)
    with suppress(FileNotFoundError):
        with file.open("rb+") as out:
            out.write(os.urandom(file.stat().st_size))
            out.flush()
            os.fsync(out.fileno())
        file.unlink()


def _key(folder: Path, person: str) -> bytes:
    file = _file(folder, person)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(AESGCM.generate_key(256))
            out.flush()
            os.fsync(out.fileno())
    return file.read_bytes()


def _file(folder: Path, person: str) -> Path:
    # The name of the file tells nobody whose it is.
    return folder / hashlib.sha256(person.encode()).hexdigest()[:32]
