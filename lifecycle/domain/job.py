"""Long work: asked for, queued, run elsewhere, finished or lost."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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


OF_ONE_ROW = frozenset({"row", "aim"})
"""Settings that tell of a single row: its id, and the answer wished for it."""

UNSAID = "Only those who may open single rows are told more of this job"

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

    @property
    def of_one_row(self) -> bool:
        """Whether it is about a single row."""
        return bool(OF_ONE_ROW & self.settings.keys())

    def without_row(self) -> "Job":
        """Return it without what tells of its row: settings, log, and why it failed."""
        kept = {name: value for name, value in self.settings.items() if name not in OF_ONE_ROW}
        note = UNSAID if self.state is JobState.FAILED else self.note
        return replace(self, settings=kept, note=note, log="")
