"""Does a decision that was acknowledged survive a kill? The long version is a benchmark."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "durability.py"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_killed_twice_under_load_nothing_acknowledged_is_lost_or_half():
    done = subprocess.run(
        [sys.executable, SCRIPT, "--kills", "2", "--threads", "2"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "none lost, none half" in done.stdout
    assert " 0 acknowledged" not in done.stdout
