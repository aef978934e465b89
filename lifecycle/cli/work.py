"""What became of long work that a command asked for."""

from collections.abc import Mapping
from typing import Any

from lifecycle.errors import CheckFailed

UNFINISHED = frozenset({"failed", "cancelled", "lost"})


def ended(job: Mapping[str, Any]) -> None:
    """End the command with the reason where a job came to nothing.

    Raises
    ------
    CheckFailed
        It failed, was cancelled or got lost.
    """
    if job["state"] in UNFINISHED:
        raise CheckFailed(f"{job['id']} is {job['state']}: {job['note']}")
