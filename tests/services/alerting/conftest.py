import shutil

import pytest
from alarm_bench import START, Bench, after, furnish, person
from receiver import listening

from lifecycle.domain.actor import Role
from lifecycle.domain.delivery import ChannelKind
from lifecycle.services.alerting import channels
from lifecycle.store.connection import Workspace


@pytest.fixture(scope="session")
def furnished_home(tmp_path_factory):
    """Make the workspace once; copying a folder is faster than making its tables."""
    home = tmp_path_factory.mktemp("alerting") / "home"
    with Workspace.create(home, at=START) as ws:
        furnish(ws)
    return home


@pytest.fixture
def bench(tmp_path, furnished_home):
    home = shutil.copytree(furnished_home, tmp_path / "home")
    with Workspace.open(home) as ws:
        yield Bench(ws)


@pytest.fixture
def dora():
    return person("dora", Role.DEVELOPER)


@pytest.fixture
def val():
    return person("val", Role.VALIDATOR)


@pytest.fixture
def vera():
    return person("vera", Role.VIEWER)


@pytest.fixture
def adm():
    return person("adm", Role.ADMINISTRATOR)


@pytest.fixture
def receiver():
    with listening() as open_door:
        yield open_door


@pytest.fixture
def hook(bench, receiver, adm):
    """Set up a webhook to the receiver and return its secret."""
    _, secret = channels.add(
        bench.ws,
        "hook",
        kind=ChannelKind.WEBHOOK,
        address=f"http://{receiver.address}?token=s3cret-token",
        by=adm,
        at=after(1),
    )
    return secret


@pytest.fixture
def note(bench, adm):
    """Set up a channel into a file and return the file."""
    channels.add(bench.ws, "note", kind=ChannelKind.FILE, by=adm, at=after(1))
    return bench.ws.home / "messages" / "note.jsonl"
