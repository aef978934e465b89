"""The client answers the same whether the workspace is open here or behind a server."""

import subprocess
import sys
import threading
import time
from datetime import UTC, datetime

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from lifecycle import api
from lifecycle.client import Client
from lifecycle.domain.actor import Role, Scope
from lifecycle.errors import (
    InvalidInput,
    NotAllowed,
    NotFound,
    NotSignedIn,
    ServerUnreachable,
    WorkspaceBusy,
)
from lifecycle.services import access, workspaces
from lifecycle.settings import Settings
from lifecycle.store import people

CASE = {
    "id": "churn",
    "name": "Churn",
    "problem": "Customers leave",
    "owner": "ana",
    "sponsor": "board",
    "answers": {"practice": "no", "domain": "customer", "effect": "informs", "interaction": "no"},
}


@pytest.fixture
def home(tmp_path):
    workspace, _ = workspaces.create(tmp_path / "home", admin="ana", at=datetime.now(UTC))
    workspace.close()
    return tmp_path / "home"


@pytest.fixture
def served(home):
    """A server on loopback and a developer's token for it."""
    workspace = workspaces.open(home)
    at = datetime.now(UTC)
    admin = people.get(workspace.cursor(), "ana").acting(via="session")
    person = access.add_person(workspace, "dan", roles={Role.DEVELOPER}, by=admin, at=at)
    secret, _ = access.add_token(
        workspace,
        label="client",
        scopes={Scope.READ, Scope.WRITE},
        days=1,
        by=person.acting(via="session"),
        at=at,
    )
    app = Starlette(routes=[Mount("/api/v1", api.create(workspace, settings=Settings(home=home)))])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    workspace.announce(url=f"http://127.0.0.1:{port}")
    yield Settings(home=home, server=f"http://127.0.0.1:{port}", token=secret)
    server.should_exit = True
    thread.join()
    workspace.close()


def live(settings):
    with Client(settings) as client:
        made = client.post("/usecases", CASE, key="k")
        again = client.post("/usecases", CASE, key="k")
        listed = client.get("/usecases")["items"]
    drop = {"created_at"}
    assert made == again
    return [{k: v for k, v in item.items() if k not in drop} for item in listed]


def test_in_process_and_over_the_network_give_the_same(served, tmp_path):
    workspace, _ = workspaces.create(tmp_path / "other", admin="ana", at=datetime.now(UTC))
    workspace.close()

    assert live(served) == live(Settings(home=tmp_path / "other"))


def test_errors_keep_their_kind_over_the_network(served):
    with Client(served) as client:
        with pytest.raises(NotFound, match="no-such"):
            client.get("/usecases/no-such")
        with pytest.raises(NotAllowed, match="dan"):
            client.post("/people", {"name": "x", "display": "X", "roles": ["viewer"]})
        with pytest.raises(InvalidInput, match="answers"):
            client.post("/usecases", {"id": "x"})


def test_a_wrong_token_is_not_signed_in(served):
    wrong = Settings(home=served.home, server=served.server, token="lc_wrong")

    with Client(wrong) as client, pytest.raises(NotSignedIn):
        client.get("/me")


def test_a_second_process_is_told_what_to_do(served):
    # The server runs in this very process, so another process must ask.
    told = subprocess.run(
        [sys.executable, "-m", "lifecycle.cli", "usecase", "list", "--home", str(served.home)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert told.returncode == WorkspaceBusy.exit_code
    assert "LIFECYCLE_SERVER" in told.stderr
    assert told.stdout == ""


def test_a_server_that_is_not_there_is_named(home):
    with (
        Client(Settings(home=home, server="http://127.0.0.1:9")) as client,
        pytest.raises(ServerUnreachable, match=r"127\.0\.0\.1:9"),
    ):
        client.get("/me")


def test_the_local_operator_administers_but_never_decides(home):
    with Client(Settings(home=home)) as client:
        me = client.get("/me")

    assert me["name"].endswith("@local")
    assert "administer" in me["permissions"]
    assert "decide" not in me["permissions"]


def test_nobody_acts_as_somebody_else_outside_a_sample(home):
    with pytest.raises(NotAllowed, match="sample"):
        Client(Settings(home=home, acting_as="ana"))


def test_a_refused_client_leaves_the_workspace_free(home):
    with pytest.raises(NotAllowed):
        Client(Settings(home=home, acting_as="ana"))

    with Client(Settings(home=home)) as client:
        assert client.get("/usecases")["items"] == []


def test_files_travel_the_same_way(home, tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text("a,b\n1,2\n")
    with Client(Settings(home=home)) as client:
        upload = client.upload(file)
        with pytest.raises(NotFound, match="model"):
            client.post("/models/m/outcomes", {"uploads": [upload], "id": "a", "target": "b"})
        with pytest.raises(InvalidInput, match="is not a file"):
            client.upload(tmp_path / "missing.csv")
        client.download("/audit/export", tmp_path / "trail.jsonl")

    assert (tmp_path / "trail.jsonl").read_text().count("\n") > 3
