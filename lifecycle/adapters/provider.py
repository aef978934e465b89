"""The organisation's own sign-in: OpenID Connect, with PKCE, state and nonce, through Authlib."""

import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.deprecate import AuthlibDeprecationWarning
from joserfc.errors import JoseError

from lifecycle.domain.person import Identity
from lifecycle.errors import NotSignedIn, ServerUnreachable
from lifecycle.settings import Settings

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

with warnings.catch_warnings():
    # It asks for httpx's successor, which nothing else here needs; httpx serves it as well.
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.integrations.starlette_client import OAuth

LEEWAY = 30
"""Seconds by which the clocks of provider and server may differ."""


class Provider:
    """An OpenID Connect provider, as the settings name it."""

    def __init__(self, settings: Settings) -> None:
        self._issuer = (settings.oidc_issuer or "").rstrip("/")
        self._groups = settings.oidc_groups_claim
        # Authlib has no types; what comes out of it is checked here.
        self._client: Any = OAuth().register(
            name="provider",
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret,
            server_metadata_url=f"{self._issuer}/.well-known/openid-configuration",
            client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256"},
        )

    async def begin(self, request: "Request", *, back: str, again: bool) -> "Response":
        """Send somebody to the provider.

        Parameters
        ----------
        back
            The address the provider sends them back to.
        again
            Ask them to prove who they are even if the provider remembers them.

        Raises
        ------
        ServerUnreachable
            The provider does not answer.
        """
        fresh: dict[str, Any] = {"prompt": "login", "max_age": 0} if again else {}
        try:
            return await self._client.authorize_redirect(request, back, **fresh)
        except (httpx.HTTPError, KeyError, ValueError, RuntimeError) as error:
            raise ServerUnreachable("the sign-in provider does not answer as it should") from error

    async def finish(self, request: "Request") -> Identity:
        """Return who came back from the provider, everything about them verified.

        Raises
        ------
        NotSignedIn
            State, nonce, issuer, audience, signature or expiry of the answer is not right.
        ServerUnreachable
            The provider does not answer.
        """
        issuer = {"iss": {"essential": True, "values": [self._issuer]}}
        try:
            token = await self._client.authorize_access_token(
                request, leeway=LEEWAY, claims_options=issuer
            )
        except httpx.HTTPError as error:
            raise ServerUnreachable("the sign-in provider does not answer") from error
        except (AuthlibBaseError, JoseError, ValueError, KeyError, TypeError) as error:
            raise NotSignedIn("the provider's answer does not hold; sign in again") from error
        claims = cast("Mapping[str, Any]", token.get("userinfo") or {})
        if not claims.get("sub"):
            raise NotSignedIn("the provider did not say who you are; sign in again")
        return self._identity(claims)

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        groups = claims.get(self._groups) or ()
        listed = [groups] if isinstance(groups, str) else list(cast("list[object]", groups))
        proved = claims.get("auth_time")
        return Identity(
            issuer=self._issuer,
            subject=str(claims["sub"]),
            name=str(claims.get("preferred_username") or claims.get("email") or claims["sub"]),
            display=str(claims.get("name") or claims.get("preferred_username") or claims["sub"]),
            groups=frozenset(str(group) for group in listed),
            expires_at=datetime.fromtimestamp(int(claims["exp"]), UTC),
            proved_at=datetime.fromtimestamp(int(proved), UTC) if proved else None,
        )
