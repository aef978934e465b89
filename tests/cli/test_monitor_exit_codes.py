"""What the exit code of running monitors says."""

from contextlib import nullcontext

import pytest

from lifecycle.cli import monitors
from lifecycle.errors import CheckFailed, InsufficientData


@pytest.mark.parametrize(
    ("states", "raised"),
    [
        ([("ok", {"ok": 3})], None),
        ([("not_applicable", {})], None),
        ([("insufficient", {"insufficient": 2, "ok": 1})], None),
        ([("ok", {"ok": 1}), ("insufficient", {"insufficient": 2})], InsufficientData),
        ([("error", {}), ("insufficient", {"insufficient": 2})], CheckFailed),
        ([("breach", {"breach": 1, "ok": 9})], CheckFailed),
    ],
)
def test_the_exit_code_of_a_run_says_what_it_came_to(states, raised):
    results = [
        {"version_id": f"m/{i}", "state": state, "states": counts}
        for i, (state, counts) in enumerate(states)
    ]
    with nullcontext() if raised is None else pytest.raises(raised, match="m/"):
        monitors.judge(results)
