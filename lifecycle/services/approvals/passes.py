"""Passes: what the gate hands to a deployer, signed and good for a few minutes.

A pass is a JSON Web Token signed with Ed25519 (RFC 8037), so any library for them can check it; it
names the version, the hash of its file, the stage and the approval.
"""

import base64
import binascii
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

from lifecycle.adapters import keys
from lifecycle.domain.audit import canonical
from lifecycle.domain.model import Stage, Version
from lifecycle.errors import CheckFailed, InvalidInput
from lifecycle.store.connection import Workspace

LASTS = timedelta(minutes=10)
"""Long enough to deploy, too short to keep; whoever starts later asks again."""

ISSUER = "lifecycle-gate"
LARGEST = 10_000
"""Characters; a pass is a tenth of that."""


def key(workspace: Workspace) -> keys.SigningKey:
    """Return the key that passes are signed with, made when it is first needed."""
    file = _file(workspace)
    return keys.load(file) if file.exists() else keys.make(file)


def issue(
    workspace: Workspace,
    version: Version,
    *,
    to: Stage,
    request: str | None,
    at: datetime,
    conditions: Sequence[str] = (),
    broken: str | None = None,
) -> str:
    """Return a pass for a version.

    Parameters
    ----------
    request
        The approval it stands on.
    conditions
        What that approval still waits for.
    broken
        The finding of a broken glass, which takes the place of an approval.
    """
    signing = key(workspace)
    issued = int(at.timestamp())
    claims: dict[str, object] = {
        "iss": ISSUER,
        "sub": version.id,
        "stage": to.value,
        "version_sha256": version.sha256,
        "artifact_sha256": version.artifact,
        "request": request,
        "conditions": list(conditions),
        "break_glass": broken,
        "iat": issued,
        "exp": issued + int(LASTS.total_seconds()),
        "jti": secrets.token_hex(8),
    }
    header = {"alg": "EdDSA", "typ": "JWT", "kid": signing.id}
    body = f"{_packed(canonical(header).encode())}.{_packed(canonical(claims).encode())}"
    return f"{body}.{_packed(bytes.fromhex(keys.sign(signing, body.encode())))}"


def check(
    token: str,
    *,
    public: str,
    at: datetime,
    stage: str = Stage.PRODUCTION,
    version_id: str | None = None,
    artifact: str | None = None,
) -> Mapping[str, object]:
    """Return what a pass says, if it is genuine, still good and about what is to be started.

    Parameters
    ----------
    public
        The gate's public key in hexadecimal digits.
    stage
        Where it is about to start; a pass of a test environment starts nothing in production.
    version_id, artifact
        What is about to be started: its name and the SHA-256 of its file.

    Raises
    ------
    InvalidInput
        It is no pass.
    CheckFailed
        It is forged, over, or about something else.
    """
    header, claims, body, signature = _unpacked(token)
    if header.get("alg") != "EdDSA" or claims.get("iss") != ISSUER:
        raise CheckFailed("this is no pass of a gate")
    if not keys.verify(public, body.encode(), signature.hex()):
        raise CheckFailed("the signature is not the gate's")
    expires = claims.get("exp")
    if not isinstance(expires, int) or at.timestamp() >= expires:
        raise CheckFailed("the pass is over; ask the gate again")
    issued = claims.get("iat")
    if not isinstance(issued, int) or at + LASTS < datetime.fromtimestamp(issued, UTC):
        raise CheckFailed("the pass is from the future; set the clock right first")
    if claims.get("stage") != stage:
        raise CheckFailed(f"the pass is for {claims.get('stage')}, not for {stage}")
    if version_id is not None and claims.get("sub") != version_id:
        raise CheckFailed(f"the pass is for {claims.get('sub')}, not for {version_id}")
    if artifact is not None and claims.get("artifact_sha256") != artifact:
        raise CheckFailed("the file is not the one that was approved")
    return claims


def _unpacked(
    token: str,
) -> tuple[Mapping[str, object], Mapping[str, object], str, bytes]:
    parts = token.strip().split(".")
    if len(token) > LARGEST or len(parts) != 3:  # noqa: PLR2004 -- header, claims, signature
        raise InvalidInput("this is no pass: it has not three parts")
    try:
        header, claims = (json.loads(_bytes(part)) for part in parts[:2])
        signature = _bytes(parts[2])
    except (ValueError, binascii.Error, RecursionError) as error:
        raise InvalidInput("this is no pass: it cannot be read") from error
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise InvalidInput("this is no pass: it holds no claims")
    read = (cast("dict[str, object]", header), cast("dict[str, object]", claims))
    return (*read, f"{parts[0]}.{parts[1]}", signature)


def _file(workspace: Workspace) -> Path:
    return workspace.home / "keys" / "gate.pem"


def _packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
