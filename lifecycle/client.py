"""The Python SDK: the same calls over the network or in this process.

With a server configured, calls go there with a bearer token. Without one, the workspace is
opened here and the very same API application answers, so there is one code path::

    with Client(home=Path("workspace")) as client:
        client.get("/inventory")
"""

import asyncio
import getpass
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import httpx

from lifecycle import errors
from lifecycle.domain.actor import Actor, Role
from lifecycle.errors import LifecycleError, NotAllowed, ServerUnreachable
from lifecycle.settings import Settings, load
from lifecycle.store.durable import refuse_own

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from lifecycle.store.connection import Workspace

HERE = "http://in-process"


class Client:
    """A session with one workspace, wherever it is open.

    Parameters
    ----------
    settings
        Where the workspace or its server is; read from the environment when absent.

    Raises
    ------
    WorkspaceBusy
        No server is configured, and another process has the workspace open for longer than the
        settings let it wait.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or load()
        self._workspace: Workspace | None = None
        if self.settings.server:
            headers = (
                {"Authorization": f"Bearer {self.settings.token}"} if self.settings.token else {}
            )
            base = self.settings.server.rstrip("/") + "/api/v1"
            self._http = httpx.Client(base_url=base, headers=headers, timeout=600)
        else:
            self._http = httpx.Client(base_url=HERE, transport=self._open(), timeout=None)  # noqa: S113 -- nothing to wait for but our own work

    def _open(self) -> "InProcess":
        from lifecycle import api
        from lifecycle.services import workspaces

        self._workspace = workspaces.open(
            self.settings.home,
            at=datetime.now(UTC),
            shown_from=self.settings.suppress_below,
            wait=self.settings.wait_seconds,
        )
        try:
            actor = self._actor(self._workspace)
        except LifecycleError:
            self._workspace.close()
            raise
        return InProcess(api.create(self._workspace, settings=self.settings), actor=actor)

    def _actor(self, workspace: "Workspace") -> Actor:
        from lifecycle.services import access
        from lifecycle.store import people

        if self.settings.token:
            return access.actor_of_token(workspace, self.settings.token, at=datetime.now(UTC))
        if self.settings.acting_as:
            if not workspace.sample:
                raise NotAllowed(
                    "acting as a named person works in a sample workspace only; "
                    "set LIFECYCLE_TOKEN to a token of theirs"
                )
            return people.get(workspace.cursor(), self.settings.acting_as).acting(via="sample")
        return operator()

    def __enter__(self) -> Self:
        """Use the client as a context."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection, and the workspace where it is open here."""
        self.close()

    def close(self) -> None:
        """Close the connection, and the workspace where it is open here."""
        self._http.close()
        if self._workspace is not None:
            self._workspace.close()
            self._workspace = None

    def get(self, path: str, **query: Any) -> Any:
        """Read something; arguments that are ``None`` are left out."""
        return self._call("GET", path, params=_given(query))

    def post(
        self,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        **query: Any,
    ) -> Any:
        """Do something; with a `key` it is done once, however often it is sent."""
        headers = {"Idempotency-Key": key} if key else None
        return self._call("POST", path, json=body or {}, params=_given(query), headers=headers)

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        """Set something."""
        return self._call("PUT", path, json=body)

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        """Change what is named and leave the rest."""
        return self._call("PATCH", path, json=body)

    def delete(self, path: str) -> Any:
        """Take something back."""
        return self._call("DELETE", path)

    def upload(self, file: Path) -> str:
        """Send a file and return the name to use it by, once."""
        if not file.is_file():
            raise errors.InvalidInput(f"{file} is not a file")
        with file.open("rb") as stream:
            sent = self._call(
                "POST", "/uploads", content=_chunks(stream), params={"name": file.name}
            )
        return str(sent["upload"])

    def uploads(self, files: Sequence[Path]) -> list[str]:
        """Send several files."""
        return [self.upload(file) for file in files]

    def download(self, path: str, file: Path) -> None:
        """Save what an address answers to a new file, whole or not at all.

        Raises
        ------
        InvalidInput
            There is a file of that name, it cannot be written, or it is a workspace's own.
        """
        refuse_own(file)
        if file.exists():
            raise errors.InvalidInput(f"{file} exists already; name another file")
        part = file.with_name(f".{file.name}.part")
        with _answered(self._http.base_url), self._http.stream("GET", path) as response:
            if response.is_error:
                response.read()
                raise _refused(response)
            try:
                with part.open("wb") as out:
                    for chunk in response.iter_bytes():
                        out.write(chunk)
                part.replace(file)
            except OSError as error:
                part.unlink(missing_ok=True)
                raise errors.InvalidInput(f"{file} cannot be written: {error.strerror}") from error

    def _call(self, method: str, path: str, **what: Any) -> Any:
        with _answered(self._http.base_url):
            response = self._http.request(method, path, **what)
        if response.is_error:
            raise _refused(response)
        return response.json()


def operator() -> Actor:
    """Return who works on a workspace without a server and without a token.

    Whoever can open the file may register and administer, but a decision needs a name.
    """
    roles = frozenset({Role.DEVELOPER, Role.ADMINISTRATOR})
    return Actor(name=f"{getpass.getuser()}@local", roles=roles, via="local")


class InProcess(httpx.BaseTransport):
    """Hand requests to an application in this process, as an actor it can trust."""

    def __init__(self, app: "ASGIApp", *, actor: Actor) -> None:
        from lifecycle.api import ACTOR

        async def entered(scope: "Scope", receive: "Receive", send: "Send") -> None:
            await app({**scope, ACTOR: actor}, receive, send)

        self._transport = httpx.ASGITransport(entered, raise_app_exceptions=False)
        # A thread of its own works whether or not the caller's thread runs an event loop.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lifecycle-client")

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        return self._thread.submit(asyncio.run, self._answer(request)).result()

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        whole = httpx.Request(
            request.method, request.url, headers=request.headers, content=request.read()
        )
        response = await self._transport.handle_async_request(whole)
        content = await response.aread()
        return httpx.Response(response.status_code, headers=response.headers, content=content)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()


@contextmanager
def _answered(server: httpx.URL) -> Generator[None]:
    try:
        yield
    except httpx.TransportError as error:
        raise ServerUnreachable(f"{server} does not answer: {error}") from error


def _refused(response: httpx.Response) -> LifecycleError:
    try:
        body = response.json()
    except ValueError:
        return ServerUnreachable(f"{response.url} answered {response.status_code} without a reason")
    name = str(body.get("type", "")).rpartition(":")[2]
    kind = getattr(errors, name, LifecycleError)
    if not (isinstance(kind, type) and issubclass(kind, LifecycleError)):
        kind = LifecycleError
    return kind(str(body.get("detail", response.reason_phrase)))


def _given(query: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in query.items() if v is not None}


def _chunks(stream: Any, size: int = 1 << 20) -> Iterator[bytes]:
    while chunk := stream.read(size):
        yield chunk
