import shutil

import pytest
from alarm_bench import START, Bench, furnish, person
from receiver import listening

from lifecycle.domain.actor import Role
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
