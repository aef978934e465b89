"""Ed25519: a private key in a file that only its owner reads, and signatures anybody can check.

Public keys and signatures are hexadecimal text, so that a few lines of any language read them.
"""

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from lifecycle.errors import DamagedStore, InvalidInput

PRIVATE = 0o600
"""Read and written by the owner of the file alone."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that can sign.

    Parameters
    ----------
    id
        Names the public key: the first 16 hexadecimal digits of its SHA-256.
    public
        The public key, 32 bytes in hexadecimal digits.
    """

    id: str
    public: str
    private: Ed25519PrivateKey = field(repr=False, compare=False)


def make(file: Path) -> SigningKey:
    """Make a new key and keep it in a file; whoever made one there first has made it.

    The file gets its name in one step, so a crash leaves a whole key or none.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    private = Ed25519PrivateKey.generate()
    text = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    part = file.with_name(f".{file.name}.{os.urandom(8).hex()}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        with suppress(FileExistsError):
            os.link(part, file)
    finally:
        part.unlink()
    return load(file)


def load(file: Path) -> SigningKey:
    """Read a key that `make` kept.

    Raises
    ------
    DamagedStore
        There is none, it cannot be read, or others than its owner may read it.
    """
    try:
        if os.name == "posix" and file.stat().st_mode & 0o077:
            raise DamagedStore(f"others may read the signing key {file}; set its mode to 600")
        private = load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise DamagedStore(f"the signing key {file} cannot be read") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise DamagedStore(f"{file} holds no Ed25519 key")
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
    return SigningKey(id=id_of(public), public=public, private=private)


def sign(key: SigningKey, data: bytes) -> str:
    """Return the signature over some bytes: 64 bytes in hexadecimal digits."""
    return key.private.sign(data).hex()


def verify(public: str, data: bytes, signature: str) -> bool:
    """Tell whether a signature over some bytes was made with a public key's private half."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(bytes.fromhex(signature), data)
    except (InvalidSignature, ValueError):
        return False
    return True


def id_of(public: str) -> str:
    """Return the short name of a public key."""
    return hashlib.sha256(bytes.fromhex(public)).hexdigest()[:16]


def pem(public: str) -> str:
    """Write a public key as PEM, for OpenSSL and others."""
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def from_text(text: str) -> str:
    """Read a public key that was kept as PEM or as 64 hexadecimal digits.

    Raises
    ------
    InvalidInput
        It is neither.
    """
    try:
        if "-----BEGIN" not in text:
            raw = bytes.fromhex(text.strip())
            return Ed25519PublicKey.from_public_bytes(raw).public_bytes_raw().hex()
        key = load_pem_public_key(text.encode())
    except ValueError as error:
        raise InvalidInput("this is no public key: PEM or 64 hexadecimal digits") from error
    if not isinstance(key, Ed25519PublicKey):
        raise InvalidInput("this is a public key of another kind than Ed25519")
    return key.public_bytes_raw().hex()
