"""Answer a repeated write once: a request with a known Idempotency-Key gets its first answer."""

import asyncio
import hashlib
from collections import defaultdict
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


class AnswerOnce:
    """Remember the answer to each keyed write and give it again when the write is repeated."""

    def __init__(self, app: ASGIApp, *, workspace: Workspace) -> None:
        self._app = app
        self._workspace = workspace
        self._turns: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or replay what was answered before."""
        key = Headers(scope=scope).get("idempotency-key") if scope["type"] == "http" else None
        if key is None or scope["method"] not in WRITES:
            await self._app(scope, receive, send)
            return
        if len(key) > LONGEST:
            error = InvalidInput(f"an Idempotency-Key has at most {LONGEST} characters")
            await answer(error)(scope, receive, send)
            return
        person = scope[ACTOR].name
        turn = self._turns[person, key]
        async with turn:  # a repeat that overtakes the first waits for its answer
            await self._once(key, person, scope, receive, send)
        if not turn.locked():
            self._turns.pop((person, key), None)

    async def _once(
        self, key: str, person: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        body = await _read(receive)
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


async def _read(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return b"".join(parts)


def _again(body: bytes) -> Receive:
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
