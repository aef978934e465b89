"""Our own HTML forms: shown from templates, and taken back only from ourselves."""

import hashlib
import hmac
import secrets
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.responses import HTMLResponse

from lifecycle.errors import InvalidInput, NotSignedIn

if TYPE_CHECKING:
    from starlette.datastructures import FormData
    from starlette.requests import Request
    from starlette.responses import Response

    from lifecycle.errors import LifecycleError

COOKIE = "lc_form"
LARGEST = 16_384
"""Bytes; the forms here hold a name and a password."""

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(default=True),
)


class Forms:
    """Shows forms and reads them back.

    A form carries a token made from a cookie only its own browser has, signed with a key only
    this process knows; the key is made anew at each start, so an older form asks to be sent again.
    """

    def __init__(self, *, secure: bool) -> None:
        self._key = secrets.token_bytes(32)
        self._secure = secure

    def show(
        self,
        request: "Request",
        template: str,
        *,
        error: "LifecycleError | None" = None,
        **content: object,
    ) -> "Response":
        """Fill a template; with an error the answer carries its sentence and status."""
        nonce = request.cookies.get(COOKIE) or secrets.token_urlsafe(24)
        values = {
            "token": self._sign(nonce),
            "next": quote(next_of(request), safe=""),
            "error": error,
            **content,
        }
        response = HTMLResponse(
            TEMPLATES.get_template(template).render(values),
            status_code=200 if error is None else error.status,
            headers={"cache-control": "no-store"},
        )
        response.set_cookie(
            COOKIE, nonce, path="/auth", httponly=True, samesite="strict", secure=self._secure
        )
        return response

    async def read(self, request: "Request") -> "FormData":
        """Read a form that one of our own pages sent.

        Raises
        ------
        InvalidInput
            It is far larger than any of ours.
        NotSignedIn
            Its token is missing or not the one this browser was given.
        """
        length = request.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > LARGEST:
            raise InvalidInput("the form is larger than any of ours")
        form = await request.form(max_files=0, max_fields=10)
        nonce = request.cookies.get(COOKIE, "")
        given = str(form.get("token", ""))
        if not nonce or not hmac.compare_digest(given.encode(), self._sign(nonce).encode()):
            raise NotSignedIn("the form was too old or came from elsewhere; please send it again")
        return form

    def _sign(self, nonce: str) -> str:
        return hmac.new(self._key, nonce.encode(), hashlib.sha256).hexdigest()


def next_of(request: "Request") -> str:
    """Return where to go after signing in: a path on this server, whatever the address says."""
    target = request.query_params.get("next", "/")
    parts = urlsplit(target) if target.isprintable() else None
    foreign = parts is None or parts.scheme or parts.netloc or "\\" in target
    if foreign or not target.startswith("/") or target.startswith("//"):
        return "/"
    return "/" if target.startswith("/auth/sign-") else target
