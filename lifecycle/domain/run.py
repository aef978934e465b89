"""One run of a monitor: who let it run, what it counted and measured, and how it ended."""

from dataclasses import dataclass
from datetime import datetime

from lifecycle.domain.measurement import State


@dataclass(frozen=True, slots=True)
class Run:
    """A run that is over.

    Parameters
    ----------
    number
        Of the version's runs, from 1.
    series
        The series of measurements it added to.
    by, via, owner
        Who let it run and how they were recognised, and whose monitor it is.
    days, rows
        Counted because something about them was new.
    windows, measurements
        Measured again.
    tests
        p-values corrected together: columns, slices and windows of the run.
    state
        The worst state among those measurements; `not_applicable` when nothing was new, `error`
        when the run was refused.
    reasons
        What was left out or assumed, or why it was refused; a sentence each.
    """

    version_id: str
    number: int
    monitor_id: str
    series: int
    at: datetime
    by: str
    via: str
    owner: str
    state: State
    days: int = 0
    rows: int = 0
    windows: int = 0
    measurements: int = 0
    tests: int = 0
    reasons: tuple[str, ...] = ()
