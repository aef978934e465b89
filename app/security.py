"""Which requests the server answers at all, and what browsers are told about the answers.

Pure ASGI middleware: nothing is buffered, and websockets pass untouched once they are let in.
"""

import base64
import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from lifecycle.settings import Settings

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""Names of this machine for itself; `lifecycle serve` listens on one of them by default."""

HIDDEN = ("/_stcore/metrics", "/_stcore/agent")
"""Routes Streamlit serves without asking who calls: its own metrics and its agent interface."""

FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
"""Headers a proxy adds; with one of them, the nearest address says nothing about the caller."""

PLAIN_NAMES = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 -- compared with, never listened on


def _inline_scripts() -> str:
    """Hash the inline scripts of Streamlit's page shell, so an upgrade keeps working."""
    shell = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", shell, re.DOTALL)
    hashes = (base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts)
    return " ".join(f"'sha256-{digest}'" for digest in hashes)


def content_security_policy() -> str:
    """Return the policy: everything from here, no inline script but the shell's own, no eval."""
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {_inline_scripts()}",
            "worker-src 'self' blob:",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "frame-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "object-src 'none'",
        )
    )


class Headed:
    """Put the security headers on every answer."""

    def __init__(self, app: "ASGIApp", *, settings: "Settings") -> None:
        self._app = app
        self._headers = {
            "content-security-policy": content_security_policy(),
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            "referrer-policy": "same-origin",
            "cross-origin-opener-policy": "same-origin",
            "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
        }
        if is_https(settings):
            self._headers["strict-transport-security"] = "max-age=31536000"

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Pass the request on and add the headers to what comes back."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: "Message") -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        await self._app(scope, receive, with_headers)


class KnownHosts:
    """Answer only under the names this server goes by, and only to pages it served itself.

    A page elsewhere could otherwise point its own name at this machine and read the answers, or
    open a websocket with the person's cookie.
    """

    def __init__(self, app: "ASGIApp", *, settings: "Settings") -> None:
        self._app = app
        self._names = host_names(settings)
        public = urlsplit(settings.public_url or "")
        self._public = (public.scheme, public.netloc.lower())

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Refuse foreign hosts with 421 and foreign origins with 403."""
        if scope["type"] not in {"http", "websocket"} or scope["path"] == "/healthz":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if _name(headers.get("host", "")) not in self._names:
            text = "This server does not go by that name; LIFECYCLE_ALLOWED_HOSTS can add it.\n"
            await refuse(scope, receive, send, status=421, text=text)
        elif _asks(scope) and not self._is_own(headers):
            await refuse(scope, receive, send, status=403, text="Refused: another site asks.\n")
        elif scope["path"].startswith(HIDDEN):
            await refuse(scope, receive, send, status=404, text="Not found.\n")
        else:
            await self._app(scope, receive, send)

    def _is_own(self, headers: Headers) -> bool:
        """Tell whether a request comes from a page of ours; programs send no origin."""
        origin = headers.get("origin")
        if origin is None:
            return True
        given = urlsplit(origin.lower())
        if given.netloc and given.netloc == headers.get("host", "").lower():
            return True
        return bool(given.netloc) and (given.scheme, given.netloc) == self._public


class Compressed:
    """Compress the page shell's scripts and styles, which Streamlit sends as they are."""

    def __init__(self, app: "ASGIApp") -> None:
        self._app = app
        self._compressing = GZipMiddleware(app, minimum_size=1024, compresslevel=5)

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Pass the request on, compressed where that pays."""
        path = scope.get("path", "")
        text = path.endswith((".js", ".css", ".svg", ".wasm"))
        if scope["type"] == "http" and path.startswith("/static/") and text:
            await self._compressing(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def host_names(settings: "Settings") -> frozenset[str]:
    """Return every name the server answers to."""
    public = urlsplit(settings.public_url or "").hostname
    given = {settings.host, *settings.allowed_hosts, public or ""}
    return LOOPBACK | {_name(host) for host in given} - PLAIN_NAMES


def is_https(settings: "Settings") -> bool:
    """Tell whether people reach this server over https."""
    return urlsplit(settings.public_url or "").scheme == "https"


def from_this_machine(scope: "Scope") -> bool:
    """Tell whether a caller sits on this machine, with no proxy that speaks for somebody else."""
    client, headers = scope.get("client"), Headers(scope=scope)
    if any(name in headers for name in FORWARDED):
        return False
    host = _name(headers.get("host", ""))
    return client is not None and client[0] in LOOPBACK and host in LOOPBACK


async def refuse(
    scope: "Scope", receive: "Receive", send: "Send", *, status: int, text: str
) -> None:
    """Answer a request with a short text, or close a websocket before it opens."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 4000 + status})
        return
    await PlainTextResponse(text, status_code=status)(scope, receive, send)


def _asks(scope: "Scope") -> bool:
    """Tell whether a request could change something: a websocket, or any but a read."""
    return scope["type"] == "websocket" or scope["method"] not in {"GET", "HEAD", "OPTIONS"}


def _name(host: str) -> str:
    """Take the name out of a host with or without a port, in lower case."""
    try:
        bare = host if host.count(":") > 1 and "[" not in host else None
        return (bare or urlsplit(f"//{host}").hostname or "").lower().rstrip(".")
    except ValueError:
        return ""
