from datetime import UTC, datetime

import pytest


@pytest.fixture(scope="session")
def now():
    return datetime(2026, 11, 2, 9, tzinfo=UTC)
