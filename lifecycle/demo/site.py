"""Where the sample portfolio is built: its workspace, its runner, and what was made so far."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from lifecycle.services.job_runner import JobRunner
from lifecycle.store.connection import Workspace


@dataclass(slots=True)
class Site:
    """Where the portfolio is built, and what time it is there.

    Parameters
    ----------
    moment
        The time of the step being done, in a box that the runner's clock reads.
    told
        Until when outcomes were delivered, by story.
    """

    ws: Workspace
    runner: JobRunner
    folder: Path
    moment: list[datetime]
    snapshots: dict[str, str] = field(default_factory=dict[str, str])
    requests: dict[str, str] = field(default_factory=dict[str, str])
    jobs: dict[str, str] = field(default_factory=dict[str, str])
    told: dict[str, datetime] = field(default_factory=dict[str, datetime])
