"""How a message leaves: through Apprise, as a signed webhook, or into a file.

What comes back is a sentence without anything secret in it: addresses hold passwords and tokens.
"""

import hashlib
import hmac
import json
import logging
import os
import re
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from lifecycle import __version__
from lifecycle.domain.alert import Severity
from lifecycle.domain.audit import canonical, plain
from lifecycle.domain.delivery import Message
from lifecycle.errors import InvalidInput

TIMEOUT = 10.0
"""Seconds a receiver has to answer; a house default."""

PASSING = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.CONFLICT,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)
"""Refusals that may be over later; other answers from 300 to 499 will not change."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt.

    Parameters
    ----------
    final
        Trying again would end the same way.
    """

    ok: bool
    detail: str
    final: bool = False


def content(message: Message, *, key: str, base: str) -> dict[str, object]:
    """Return what a program is sent.

    Parameters
    ----------
    base
        The server's address, before the link.
    """
    return {
        "id": key,
        "topic": message.topic,
        "subject": message.subject,
        "severity": message.severity.word,
        "title": message.title,
        "text": message.text,
        "link": f"{base}{message.link}",
        "facts": plain(message.facts),
    }


def signature(secret: str, body: bytes, *, at: datetime) -> tuple[str, str]:
    """Return timestamp and signature of a webhook's body.

    The signature is HMAC-SHA256 over ``timestamp.body`` in hexadecimal digits; the timestamp is in
    seconds since 1970, so that a receiver can turn old messages away.
    """
    stamp = str(int(at.timestamp()))
    signed = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256)
    return stamp, signed.hexdigest()


def post(
    address: str, secret: str, message: Message, *, key: str, base: str, at: datetime
) -> Outcome:
    """Send a signed webhook."""
    body = canonical(content(message, key=key, base=base)).encode()
    stamp, signed = signature(secret, body, at=at)
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": key,
        "Lifecycle-Timestamp": stamp,
        "Lifecycle-Signature": f"v1={signed}",
        "User-Agent": f"lifecycle/{__version__}",
    }
    try:
        answer = httpx.post(address, content=body, headers=headers, timeout=TIMEOUT)
    except httpx.HTTPError as error:
        return Outcome(ok=False, detail=f"no answer ({type(error).__name__})")
    refused = answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR
    return Outcome(
        ok=answer.is_success,
        detail=f"answered {answer.status_code}",
        final=refused and not answer.is_success and answer.status_code not in PASSING,
    )


def through_apprise(address: str, message: Message, *, base: str) -> Outcome:
    """Send a message by mail, chat or whatever the address names."""
    import apprise

    said: list[str] = []
    logging.getLogger("apprise").propagate = False  # its lines may hold parts of an address
    door = apprise.Apprise()
    if not door.add(address):
        return Outcome(ok=False, detail="Apprise does not know this kind of address", final=True)
    sent = door.notify(
        title=message.title,
        body=f"{message.text}\n\n{base}{message.link}",
        body_format=apprise.NotifyFormat.TEXT,
        notify_type=apprise.NotifyType(_kind(message)),
        log_callback=lambda entry, _plugin: said.append(str(entry.message)),
        log_level=logging.WARNING,
    )
    if sent:
        return Outcome(ok=True, detail="sent")
    status = next((m.group(1) for line in said if (m := re.search(r"error=(\d{3})", line))), None)
    return Outcome(ok=False, detail=f"answered {status}" if status else "could not be delivered")


def _kind(message: Message) -> str:
    """Say as what Apprise shows a message: it chooses the colour and the picture."""
    if message.over:
        return "success"
    return "failure" if message.severity is Severity.CRITICAL else "warning"


def append(file: Path, message: Message, *, key: str, base: str, at: datetime) -> Outcome:
    """Write a message as a line of JSON to the end of a file."""
    line = json.dumps({"at": plain(at), **content(message, key=key, base=base)}, ensure_ascii=False)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as out:
            out.write(line + "\n")
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        return Outcome(ok=False, detail=f"cannot be written: {error.strerror}")
    return Outcome(ok=True, detail=f"written to {file.name}")


def hint_of_webhook(address: str) -> str:
    """Return where a webhook leads, without path, query and password.

    Raises
    ------
    InvalidInput
        It is no http or https address.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in {"http", "https"} or not host:
        raise InvalidInput("a webhook needs an address that begins with https:// or http://")
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}"


def hint_of_apprise(address: str) -> str:
    """Return which service an Apprise address leads to.

    Raises
    ------
    InvalidInput
        Apprise does not know it.
    """
    import apprise

    logging.getLogger("apprise").propagate = False
    door = apprise.Apprise.instantiate(address, suppress_exceptions=True)
    if not isinstance(door, apprise.NotifyBase):
        raise InvalidInput(
            "Apprise does not know this kind of address; see "
            "https://github.com/caronc/apprise/wiki for those it knows"
        )
    return str(door.service_name)
