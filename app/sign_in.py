"""How people get in and out: the pages under /auth, served before Streamlit sees anybody."""

from pathlib import Path
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, RedirectResponse
from starlette.routing import Route

from app import security
from app.forms import Forms, next_of
from app.provided import BACK, ThereAndBack
from app.provided import COOKIE as COOKIE_THERE
from app.session import COOKIE, Process, now
from lifecycle.errors import InvalidInput, LifecycleError
from lifecycle.services import access
from lifecycle.store import people

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from starlette.requests import Request
    from starlette.responses import Response

    from lifecycle.domain.actor import Actor
    from lifecycle.domain.person import Session

STATIC = Path(__file__).parent / "static"


class SignIn:
    """The sign-in pages of one server."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._workspace = process.workspace
        self._secure = security.is_https(process.settings)
        self._forms = Forms(secure=self._secure)
        offered = process.settings.oidc_issuer and process.settings.oidc_client_id
        self._way = ThereAndBack(process, secure=self._secure) if offered else None

    def routes(self) -> list[Route]:
        """Return everything under /auth, and the icon both kinds of page show."""
        return [
            Route("/auth/sign-in", self.sign_in, methods=["GET", "POST"]),
            Route("/auth/sample", self.sample, methods=["POST"]),
            Route("/auth/link", self.link, methods=["GET", "POST"]),
            Route("/auth/password", self.password, methods=["GET", "POST"]),
            Route("/auth/sign-out", self.sign_out, methods=["GET", "POST"]),
            Route("/auth/oidc", self.there),
            Route(BACK, self.back),
            Route("/auth/style.css", _file("sign_in.css")),
            Route("/favicon.png", _file("icon.png")),
        ]

    async def sign_in(self, request: "Request") -> "Response":
        """Ask for name and password, or take them."""
        if request.method == "GET":
            return await self._sign_in_page(request)
        try:
            form = await self._forms.read(request)
            secret, session = await run_in_threadpool(
                access.sign_in,
                self._workspace,
                str(form.get("name", "")).strip(),
                str(form.get("password", "")),
                at=now(),
                address=request.client.host if request.client else "",
                hours=self._process.settings.session_hours,
            )
        except LifecycleError as error:
            return await self._sign_in_page(request, error)
        return await self._let_in(request, secret, session, to=next_of(request))

    async def sample(self, request: "Request") -> "Response":
        """Sign in as one of the sample people, on this machine only."""
        try:
            form = await self._forms.read(request)
            secret, session = await run_in_threadpool(
                access.sign_in_sample,
                self._workspace,
                str(form.get("name", "")),
                at=now(),
                loopback=self._is_local(request),
                hours=self._process.settings.session_hours,
            )
        except LifecycleError as error:
            return await self._sign_in_page(request, error)
        return await self._let_in(request, secret, session, to=next_of(request))

    async def there(self, request: "Request") -> "Response":
        """Send somebody to the organisation's own provider."""
        if self._way is None:
            return _see("/auth/sign-in")
        try:
            return await self._way.begin(request)
        except LifecycleError as error:
            return await self._sign_in_page(request, error)

    async def back(self, request: "Request") -> "Response":
        """Let in whoever comes back from the provider."""
        if self._way is None:
            return _see("/auth/sign-in")
        try:
            secret, session, target = await self._way.finish(request)
        except LifecycleError as error:
            return await self._sign_in_page(request, error)
        response = await self._let_in(request, secret, session, to=target)
        response.delete_cookie(COOKIE_THERE, path="/auth/oidc", httponly=True, samesite="lax")
        return response

    async def link(self, request: "Request") -> "Response":
        """Take a one-time link; opening it only shows a button, so a preview uses nothing up."""
        given = request.query_params.get("secret", "")
        if request.method == "GET":
            return self._forms.show(request, "link.html", secret=given)
        try:
            form = await self._forms.read(request)
            secret, session = await run_in_threadpool(
                access.take_invitation,
                self._workspace,
                str(form.get("secret", "")),
                at=now(),
                hours=self._process.settings.session_hours,
            )
        except LifecycleError as error:
            return self._forms.show(request, "link.html", error=error, secret=given)
        return await self._let_in(request, secret, session, to="/auth/password")

    async def password(self, request: "Request") -> "Response":
        """Let somebody who is signed in choose a password."""
        actor = await self._actor(request)
        if actor is None:
            return _see("/auth/sign-in?next=/auth/password")
        person = await run_in_threadpool(people.get, self._workspace.cursor(), actor.name)
        shown: dict[str, Any] = {
            "name": actor.name,
            "asks": person.has_password and actor.via == "session",
        }
        if request.method == "GET":
            return self._forms.show(request, "password.html", **shown)
        try:
            form = await self._forms.read(request)
            new = str(form.get("password", ""))
            if new != str(form.get("again", "")):
                raise InvalidInput("the two passwords differ")
            await run_in_threadpool(
                access.set_password,
                self._workspace,
                actor.name,
                new,
                current=str(form.get("current", "")),
                keep=request.cookies.get(COOKIE),
                by=actor,
                at=now(),
            )
        except LifecycleError as error:
            return self._forms.show(request, "password.html", error=error, **shown)
        return _see("/")

    async def sign_out(self, request: "Request") -> "Response":
        """End the sign-in, after a button that another site cannot press."""
        if request.method == "GET":
            return self._forms.show(request, "sign_out.html")
        try:
            await self._forms.read(request)
        except LifecycleError as error:
            return self._forms.show(request, "sign_out.html", error=error)
        await self._forget(request)
        response = _see("/auth/sign-in")
        response.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=self._secure)
        return response

    async def _sign_in_page(
        self, request: "Request", error: LifecycleError | None = None
    ) -> "Response":
        offered = []
        if self._workspace.sample and self._is_local(request):
            everybody = await run_in_threadpool(people.every, self._workspace.cursor())
            offered = [person for person in everybody if person.active]
        return self._forms.show(
            request, "sign_in.html", error=error, people=offered, provider=self._way is not None
        )

    async def _let_in(
        self, request: "Request", secret: str, session: "Session", *, to: str
    ) -> "Response":
        await self._forget(request)  # one browser, one person: the earlier sign-in ends
        response = _see(to)
        response.set_cookie(
            COOKIE,
            secret,
            max_age=int((session.expires_at - session.created_at).total_seconds()),
            httponly=True,
            samesite="lax",
            secure=self._secure,
        )
        return response

    async def _forget(self, request: "Request") -> None:
        secret = request.cookies.get(COOKIE)
        if secret:
            await run_in_threadpool(access.sign_out, self._workspace, secret, at=now())

    async def _actor(self, request: "Request") -> "Actor | None":
        secret = request.cookies.get(COOKIE)
        if not secret:
            return None
        return await run_in_threadpool(access.actor_of_session, self._workspace, secret, at=now())

    def _is_local(self, request: "Request") -> bool:
        settings = self._process.settings
        private = settings.host in security.LOOPBACK and settings.public_url is None
        return private and security.from_this_machine(request.scope)


def _see(target: str) -> RedirectResponse:
    return RedirectResponse(target, status_code=303, headers={"cache-control": "no-store"})


def _file(name: str) -> "Callable[[Request], Awaitable[Response]]":
    async def answer(_request: "Request") -> "Response":
        return FileResponse(STATIC / name, headers={"cache-control": "max-age=3600"})

    return answer
