"""A workspace with people and tokens, and callers that knock on its API over HTTP."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import httpx
import pytest

from lifecycle import api
from lifecycle.domain.actor import Role, Scope
from lifecycle.services import access, workspaces
from lifecycle.services.access import people as accounts
from lifecycle.settings import Settings

ROLES = {
    "vic": {Role.VIEWER},
    "dev": {Role.DEVELOPER},
    "val": {Role.VALIDATOR},
    "apa": {Role.APPROVER},
    "aud": {Role.AUDITOR},
    "adm": {Role.ADMINISTRATOR},
}
SCOPES = {
    Role.VIEWER: {Scope.READ},
    Role.DEVELOPER: {Scope.READ, Scope.WRITE},
    Role.VALIDATOR: {Scope.READ, Scope.WRITE},
    Role.APPROVER: {Scope.READ, Scope.DECIDE},
    Role.AUDITOR: {Scope.READ},
    Role.ADMINISTRATOR: {Scope.READ, Scope.ADMINISTER},
}


class Caller:
    """Sends requests with one token to an application in this process."""

    def __init__(self, app, token=None):
        self.app = app
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def __call__(self, method, path, **what):
        async def ask():
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
                headers = {**self.headers, **what.pop("headers", {})}
                return await http.request(method, path, headers=headers, **what)

        # A thread of its own: a browser test may have left a loop running in this one.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, ask()).result()

    def upload(self, name, content):
        sent = self("POST", "/uploads", params={"name": name}, content=content)
        assert sent.status_code == 201, sent.text
        return sent.json()["upload"]


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """A workspace with one person per role, each with a token of every scope they may have."""
    home = tmp_path_factory.mktemp("api") / "home"
    at = datetime.now(UTC)
    workspace, _ = workspaces.create(home, admin="first", at=at)
    admin = accounts.people.get(workspace.cursor(), "first").acting(via="session")
    tokens = {}
    for name, roles in ROLES.items():
        person = access.add_person(workspace, name, roles=roles, by=admin, at=at)
        scopes = set().union(*(SCOPES[role] for role in roles))
        actor = person.acting(via="session")
        tokens[name], _ = access.add_token(
            workspace, label="tests", scopes=scopes, days=1, by=actor, at=at
        )
    yield workspace, tokens
    workspace.close()


@pytest.fixture
def workspace(built):
    return built[0]


@pytest.fixture
def caller(built):
    workspace, tokens = built
    app = api.create(workspace, settings=Settings(home=workspace.home))

    def of(name=None):
        return Caller(app, tokens[name] if name else None)

    return of
