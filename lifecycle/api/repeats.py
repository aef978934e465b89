"""Answer a repeated write once: a request with a known Idempotency-Key gets its first answer."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lifecycle.adapters import sealing
from lifecycle.api.door import ACTOR
from lifecycle.api.problems import answer
from lifecycle.errors import InvalidInput
from lifecycle.store import keys
from lifecycle.store.connection import Workspace

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
LONGEST = 200
LARGEST = 8 * 1024**2
"""Bytes of a keyed write, which is held in memory before anybody asked who may carry it out."""


class AnswerOnce:
    """Remember the answer to each keyed write and give it again when the write is repeated."""

    def __init__(self, app: ASGIApp, *, workspace: Workspace) -> None:
        self._app = app
        self._workspace = workspace
        self._turns: dict[tuple[str, str], tuple[asyncio.Lock, int]] = {}
        # With each lock, how many requests hold it or wait for it.

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or replay what was answered before."""
        key = Headers(scope=scope).get("idempotency-key") if scope["type"] == "http" else None
        actor = scope.get(ACTOR)  # nobody is asked who they are where everybody may look
        if key is None or actor is None or scope["method"] not in WRITES:
            await self._app(scope, receive, send)
            return
        if len(key) > LONGEST:
            error = InvalidInput(f"an Idempotency-Key has at most {LONGEST} characters")
            await answer(error)(scope, receive, send)
            return
        async with self._turn(key, actor.name):  # a repeat that overtakes the first waits for it
            await self._once(key, actor.name, scope, receive, send)

    @asynccontextmanager
    async def _turn(self, key: str, person: str) -> AsyncGenerator[None]:
        """Let one request with a key through at a time, and forget the key after the last."""
        mine = (person, key)
        lock, others = self._turns.get(mine, (asyncio.Lock(), 0))
        self._turns[mine] = (lock, others + 1)
        try:
            async with lock:
                yield
        finally:
            lock, present = self._turns.pop(mine)
            if present > 1:
                self._turns[mine] = (lock, present - 1)

    async def _once(
        self, key: str, person: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        try:
            body = await _read(receive)
        except InvalidInput as error:
            await answer(error)(scope, receive, send)
            return
        if body is None:
            return
        asked = hashlib.sha256(
            b"\n".join(
                [scope["method"].encode(), scope["path"].encode(), scope["query_string"], body]
            )
        ).hexdigest()
        known = await run_in_threadpool(self._remembered, key, person)
        if known is not None:
            await self._replay(known, asked)(scope, receive, send)
            return
        status, said = 500, bytearray()

        async def listen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                said.extend(message.get("body", b""))
            await send(message)

        await self._app(scope, _again(body), listen)
        if 200 <= status < 300:  # noqa: PLR2004 -- HTTP's own numbers
            # Some answers hold a secret that is shown once, so none lies in the store in the clear.
            sealed = sealing.seal(self._workspace.home, said.decode())
            kept = {"asked": asked, "status": status, "sealed": sealed}
            await run_in_threadpool(self._remember, key, person, kept)

    def _remembered(self, key: str, person: str) -> dict[str, Any] | None:
        return keys.remembered(self._workspace.cursor(), key, person)

    def _remember(self, key: str, person: str, kept: dict[str, Any]) -> None:
        with self._workspace.transaction() as tx:
            keys.remember(tx, key, person, kept, at=datetime.now(UTC))

    def _replay(self, known: dict[str, Any], asked: str) -> Response:
        if known["asked"] != asked:
            return answer(InvalidInput("this Idempotency-Key was used for another request"))
        said = sealing.unseal(self._workspace.home, known["sealed"])
        headers = {"Idempotency-Replayed": "true"}
        return Response(said, known["status"], headers, "application/json")


async def _read(receive: Receive) -> bytes | None:
    """Return the body; ``None`` when its sender went away before the end."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if len(body) > LARGEST:
            most = f"{LARGEST // 1024**2} MiB"
            raise InvalidInput(f"a write with an Idempotency-Key has at most {most}; send no key")
        if not message.get("more_body", False):
            return bytes(body)


def _again(body: bytes) -> Receive:
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
