"""Nobody passes to the pages, their files or their websocket without a sign-in."""

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse

from app.security import refuse
from app.session import COOKIE, Process, now
from lifecycle.services import access

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

OPEN = frozenset({"/healthz", "/readyz", "/metrics", "/favicon.png", "/_stcore/health"})
"""What needs no sign-in; `/metrics` looks at its callers itself."""

OPEN_FOLDERS = ("/auth/", "/api/", "/static/")
"""The sign-in pages, the interface for programs with its own tokens, the shell's own scripts."""

CHECK_EVERY = 30.0
"""Seconds between two looks at whether an open websocket's sign-in still holds."""

SIGNED_OUT = 4401
"""The websocket's close code when a sign-in is missing or has ended."""


class SignedInOnly:
    """Send people without a sign-in to the sign-in page, and refuse their websocket."""

    def __init__(self, app: "ASGIApp", *, process: Process) -> None:
        self._app = app
        self._workspace = process.workspace

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Let a request through, or answer it here."""
        if scope["type"] not in {"http", "websocket"} or _is_open(scope):
            await self._app(scope, receive, send)
            return
        secret = HTTPConnection(scope).cookies.get(COOKIE)
        if await self._holds(secret):
            if scope["type"] == "websocket":
                receive = self._watched(receive, send, secret)
            await self._app(scope, receive, send)
        elif scope["type"] == "http" and _wants_page(scope):
            await RedirectResponse(_sign_in(scope), status_code=303)(scope, receive, send)
        else:
            await refuse(scope, receive, send, status=401, text="Not signed in.\n")

    async def _holds(self, secret: str | None) -> bool:
        if not secret:
            return False
        found = await run_in_threadpool(access.actor_of_session, self._workspace, secret, at=now())
        return found is not None

    def _watched(self, receive: "Receive", send: "Send", secret: str | None) -> "Receive":
        """Receive messages for as long as the sign-in holds, then hang up."""
        waiting: asyncio.Task[Message] | None = None

        async def watched() -> "Message":
            nonlocal waiting
            waiting = waiting or asyncio.ensure_future(receive())
            while True:
                done, _ = await asyncio.wait({waiting}, timeout=CHECK_EVERY)
                if done:
                    message, waiting = waiting.result(), None
                    return message
                if not await self._holds(secret):
                    waiting.cancel()
                    await send({"type": "websocket.close", "code": SIGNED_OUT})
                    return {"type": "websocket.disconnect", "code": SIGNED_OUT}

        return watched


def _is_open(scope: "Scope") -> bool:
    path: str = scope["path"]
    return scope["type"] == "http" and (path in OPEN or path.startswith(OPEN_FOLDERS))


def _wants_page(scope: "Scope") -> bool:
    accepts = HTTPConnection(scope).headers.get("accept", "")
    return scope["method"] in {"GET", "HEAD"} and "text/html" in accepts


def _sign_in(scope: "Scope") -> str:
    query = scope["query_string"].decode("latin-1")
    return "/auth/sign-in?next=" + quote(scope["path"] + ("?" + query if query else ""), safe="")
