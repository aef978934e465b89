"""How people come in from the organisation's own provider: there and back, once each time."""

import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from app.forms import next_of
from app.session import address, now
from lifecycle.adapters.provider import Provider
from lifecycle.errors import NotSignedIn
from lifecycle.services import access

if TYPE_CHECKING:
    from starlette.responses import Response

    from app.session import Process
    from lifecycle.domain.person import Session

COOKIE = "lc_oidc"
"""The cookie that ties the way back to the browser that set out."""
BACK = "/auth/oidc/back"
PATIENCE = timedelta(minutes=10)
MOST = 10_000
"""Ways begun and not ended that are remembered at once."""


class ThereAndBack:
    """Sends people to the provider and takes them back, each way once and in the same browser."""

    def __init__(self, process: "Process", *, secure: bool) -> None:
        self._process = process
        self._provider = Provider(process.settings)
        self._secure = secure
        self._begun: dict[str, tuple[datetime, str, dict[str, Any]]] = {}

    async def begin(self, request: Request) -> "Response":
        """Send somebody to the provider."""
        started, handle = now(), secrets.token_urlsafe(32)
        self._forget(before=started - PATIENCE)
        state: dict[str, Any] = {}
        back = f"{address(self._process.settings)}{BACK}"
        again = request.query_params.get("again") == "1"
        response = await self._provider.begin(_keeping(request, state), back=back, again=again)
        self._begun[handle] = (started, next_of(request), state)
        response.headers["cache-control"] = "no-store"
        response.set_cookie(
            COOKIE,
            handle,
            max_age=int(PATIENCE.total_seconds()),
            path="/auth/oidc",
            httponly=True,
            samesite="lax",
            secure=self._secure,
        )
        return response

    async def finish(self, request: Request) -> "tuple[str, Session, str]":
        """Take somebody back; return their session's secret, the session and where to go.

        Raises
        ------
        NotSignedIn
            This browser did not set out, came back before, or the answer does not hold.
        """
        handle = request.cookies.get(COOKIE, "")
        started, target, state = self._begun.pop(handle, (None, "/", {}))
        at = now()
        if started is None or at - started > PATIENCE:
            raise NotSignedIn("this sign-in was not begun here or took too long; begin again")
        identity = await self._provider.finish(_keeping(request, state))
        settings = self._process.settings
        secret, session = await run_in_threadpool(
            access.sign_in_provided,
            self._process.workspace,
            identity,
            groups=settings.oidc_groups,
            at=at,
            hours=settings.session_hours,
        )
        return secret, session, target

    def _forget(self, *, before: datetime) -> None:
        gone = [handle for handle, (at, _, _) in self._begun.items() if at < before]
        for handle in [*gone, *list(self._begun)[: max(0, len(self._begun) - MOST)]]:
            self._begun.pop(handle, None)


def _keeping(request: Request, state: dict[str, Any]) -> Request:
    """Return the request with what this way remembers as its session.

    In a scope of its own: Streamlit's middleware writes the session it put into the server's scope
    into a cookie, and fails on any other.
    """
    return Request({**request.scope, "session": state}, request.receive)
