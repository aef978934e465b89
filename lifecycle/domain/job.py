"""Long work: asked for, queued, run elsewhere, finished or lost."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class JobState(StrEnum):
    """Where a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"


LIVE = frozenset({JobState.QUEUED, JobState.RUNNING})
"""States in which a job may still change."""


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of long work and how it is going.

    Parameters
    ----------
    kind
        What it does, such as ``explain``.
    subject
        What it is about, such as ``version:credit-default/3``.
    settings
        Everything the worker needs, as JSON values; enough to run it again.
    progress
        Between 0 and 1.
    result
        What it left behind, such as an evidence id.
    """

    id: str
    kind: str
    subject: str
    owner: str
    state: JobState
    created_at: datetime
    settings: Mapping[str, object] = field(default_factory=dict[str, object])
    progress: float = 0.0
    note: str = ""
    log: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    result: str | None = None
