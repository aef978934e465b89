"""Texts that can be made unreadable: one key per person, in a file that can be destroyed.

What is written down is ciphertext, so a record that must never change stays as it is when the key
goes. The keys lie beside the database: no export and no backup holds them.

A name is sealed for the person it names. What somebody wrote, and names inside events, are sealed
together with a commitment: whoever is shown the text with its salt can check that it is the one.
"""

import hashlib
import os
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from lifecycle.domain.person import ERASED
from lifecycle.store.cells import Connection, home_of

NAME = "sealed:1:"
TEXT = "sealed:2:"
NONCE = 12
"""Bytes, as NIST SP 800-38D recommends."""
SALT = 16
"""Bytes: without them nobody can guess a text by its commitment."""
GONE = "text that can no longer be read"
"""What stands where somebody wrote whose key is destroyed, or not here."""

_FORM = re.compile(r"sealed:2:([0-9a-f]{16}):([0-9a-f]{64}):([\w=-]+)")
_rings: dict[Path, tuple[int, dict[str, bytes]]] = {}
"""The keys of a folder by their ids, as read when the folder last changed."""

Reader = Callable[[object], object]
Writer = Callable[[str, str], str]


def seal(folder: Path, person: str, text: str) -> str:
    """Encrypt a text about a person under their key, made now if they have none."""
    nonce = os.urandom(NONCE)
    sealed = AESGCM(_key(folder, person)).encrypt(nonce, text.encode(), person.encode())
    return NAME + urlsafe_b64encode(nonce + sealed).decode()


def unseal(folder: Path, person: str, sealed: str) -> str | None:
    """Decrypt a text about a person; nothing when their key is destroyed or not the one."""
    try:
        data = urlsafe_b64decode(sealed.removeprefix(NAME))
        key = _file(folder, person).read_bytes()
        return AESGCM(key).decrypt(data[:NONCE], data[NONCE:], person.encode()).decode()
    except (OSError, ValueError, InvalidTag):
        return None


def is_sealed(value: object) -> bool:
    """Tell whether a value is a text that `seal` wrote."""
    return isinstance(value, str) and value.startswith(NAME)


def cover(folder: Path, person: str, text: str) -> str:
    """Encrypt what a person wrote under their key, with a commitment to it."""
    key = _key(folder, person)
    salt, nonce, name = os.urandom(SALT), os.urandom(NONCE), _id(key)
    data = nonce + AESGCM(key).encrypt(nonce, salt + text.encode(), name.encode())
    return f"{TEXT}{name}:{commitment(salt, text)}:{urlsafe_b64encode(data).decode()}"


def uncover(folder: Path, sealed: str) -> tuple[bytes, str] | None:
    """Return salt and text of what `cover` wrote; nothing when the key is destroyed or not here."""
    found = _FORM.fullmatch(sealed)
    key = _ring(folder).get(found.group(1)) if found else None
    if found is None or key is None:
        return None
    try:
        data = urlsafe_b64decode(found.group(3))
        plain = AESGCM(key).decrypt(data[:NONCE], data[NONCE:], found.group(1).encode())
        return plain[:SALT], plain[SALT:].decode()
    except (ValueError, InvalidTag):
        return None


def commitment(salt: bytes, text: str) -> str:
    """Return what a text is bound by inside its ciphertext: SHA-256 over salt and text."""
    return hashlib.sha256(salt + text.encode()).hexdigest()


def writer(con: Connection) -> Writer:
    """Return what seals a text by a person, where they have an account that was not erased."""
    folder = folder_of(con)
    found = con.execute("SELECT name FROM person WHERE display <> $erased", {"erased": ERASED})
    people = {str(row[0]) for row in found.fetchall()}

    def write(person: str, text: str) -> str:
        return cover(folder, person, text) if text and person in people else text

    return write


def reader(con: Connection, *, gone: str = GONE) -> Reader:
    """Return what opens a value, and the values inside it; what cannot be opened says so."""
    folder = folder_of(con)

    def read(value: object) -> object:
        if isinstance(value, str):
            if not value.startswith(TEXT):
                return value
            found = uncover(folder, value)
            return found[1] if found else gone
        if isinstance(value, Mapping):
            return {k: read(v) for k, v in cast("Mapping[str, object]", value).items()}
        return [read(v) for v in cast("list[object]", value)] if isinstance(value, list) else value

    return read


def opened(folder: Path, value: object) -> dict[str, tuple[str, str]]:
    """Return the salt and the text behind each commitment in a value, as far as they can be read.

    They go along with a copy, so that whoever takes it can read it and check what they read.
    """
    texts: dict[str, tuple[str, str]] = {}

    def look(inside: object) -> object:
        if isinstance(inside, str) and (found := _FORM.fullmatch(inside)):
            if plain := uncover(folder, inside):
                texts[found.group(2)] = (plain[0].hex(), plain[1])
        elif isinstance(inside, Mapping):
            for one in cast("Mapping[str, object]", inside).values():
                look(one)
        elif isinstance(inside, list):
            for one in cast("list[object]", inside):
                look(one)
        return inside

    look(value)
    return texts


def destroy(folder: Path, person: str) -> None:
    """Overwrite and remove a person's key; what was sealed with it stays unreadable for ever."""
    file = _file(folder, person)
    with suppress(FileNotFoundError):
        with file.open("rb+") as out:
            out.write(os.urandom(file.stat().st_size))
            out.flush()
            os.fsync(out.fileno())
        file.unlink()
    _rings.pop(folder, None)


def folder_of(con: Connection) -> Path:
    """Return where the keys of persons lie: beside the database."""
    return home_of(con) / "keys" / "persons"


def _key(folder: Path, person: str) -> bytes:
    file = _file(folder, person)
    with suppress(FileNotFoundError):
        return file.read_bytes()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(AESGCM.generate_key(256))
            out.flush()
            os.fsync(out.fileno())
    return file.read_bytes()


def _ring(folder: Path) -> dict[str, bytes]:
    """Return the keys there are by their ids, read again when one came or went."""
    try:
        changed = folder.stat().st_mtime_ns
    except FileNotFoundError:
        return {}
    known = _rings.get(folder)
    if known is None or known[0] != changed:
        keys = [file.read_bytes() for file in folder.iterdir()]
        known = _rings[folder] = (changed, {_id(key): key for key in keys})
    return known[1]


def _id(key: bytes) -> str:
    """Return what a key is called inside a ciphertext; it tells nobody whose it is."""
    return hashlib.sha256(b"id" + key).hexdigest()[:16]


def _file(folder: Path, person: str) -> Path:
    # The name of the file tells nobody whose it is.
    return folder / hashlib.sha256(person.encode()).hexdigest()[:32]
