"""A real workspace with one person per role, and records to decide about."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from furniture import Bench, furnished

from lifecycle.services.access import passwords
from lifecycle.store.connection import Workspace


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch):
    """Hash with the smallest argon2 settings: what is tested is not how slow it is."""
    passwords._decoy.cache_clear()
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", cheap)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with furnished(tmp_path / "ws") as made:
        yield made


@pytest.fixture
def sample(tmp_path: Path) -> Iterator[Workspace]:
    with furnished(tmp_path / "sample", sample=True) as made:
        yield made


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> Iterator[Workspace]:
    """One workspace for tests that leave nothing behind that another would trip over."""
    with furnished(tmp_path_factory.mktemp("shared") / "ws") as made:
        yield made


@pytest.fixture
def bench(workspace: Workspace) -> Bench:
    return Bench(workspace)
