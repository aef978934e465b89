"""Who is calling, and what a route is given to work with."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, cast

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from lifecycle.api.problems import answer
from lifecycle.domain.actor import Actor, Permission
from lifecycle.errors import LifecycleError, NotSignedIn
from lifecycle.services import access
from lifecycle.services.jobs import JobRunner
from lifecycle.settings import Settings
from lifecycle.store.connection import Connection, Workspace

ACTOR = "lifecycle.actor"
"""Key of the ASGI scope that holds the actor.

Only code in this process can set it: a network server builds the scope from the request line,
headers and addresses, so nothing a caller sends ends up here.
"""

OPEN_PATHS = ("/openapi.json",)


class Recognise:
    """Turn a bearer token into an actor before any route is looked at."""

    def __init__(self, app: ASGIApp, *, workspace: Workspace) -> None:
        self._app = app
        self._workspace = workspace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through with its actor, or answer 401."""
        path = scope.get("path", "").removeprefix(scope.get("root_path", ""))
        if scope["type"] == "http" and ACTOR not in scope and path not in OPEN_PATHS:
            kind, _, secret = HTTPConnection(scope).headers.get("authorization", "").partition(" ")
            try:
                if kind.lower() != "bearer" or not secret.strip():
                    raise NotSignedIn("send a token as 'Authorization: Bearer lc_…'")
                now = datetime.now(UTC)
                scope[ACTOR] = await run_in_threadpool(
                    access.actor_of_token, self._workspace, secret.strip(), at=now
                )
            except LifecycleError as error:
                await answer(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)


@dataclass(frozen=True, slots=True)
class Call:
    """What every route works with."""

    workspace: Workspace
    settings: Settings
    jobs: JobRunner | None
    actor: Actor
    at: datetime

    def reading(self, permission: Permission = Permission.READ) -> Connection:
        """Return a cursor for somebody who may read."""
        self.actor.require(permission)
        return self.workspace.cursor()

    def folder(self) -> Path:
        """Return the folder for files on their way in."""
        return self.workspace.tmp


def _call(request: Request) -> Call:
    state = request.app.state
    return Call(
        workspace=state.workspace,
        settings=state.settings,
        jobs=state.jobs,
        actor=cast("Actor", request.scope[ACTOR]),
        at=datetime.now(UTC),
    )


Door = Annotated[Call, Depends(_call)]
"""Annotate a route's first parameter with this."""
