"""The clockwork of the server: once a minute it runs what is due, and looks at every date."""

import logging
from contextlib import contextmanager
from datetime import UTC
from typing import TYPE_CHECKING

from apscheduler.schedulers.background import BackgroundScheduler

from app import session
from lifecycle.domain.retention import periods_with
from lifecycle.services import approvals, erasure, sealing
from lifecycle.services.monitoring import scheduling

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

    from lifecycle.domain.retention import Period
    from lifecycle.store.connection import Workspace

log = logging.getLogger(__name__)

MINUTE = 60


@contextmanager
def ticking(
    workspace: "Workspace",
    *,
    seconds: float = MINUTE,
    retention: "Iterable[tuple[str, int]]" = (),
) -> "Generator[None]":
    """Run what is due until the server stops; a tick that comes too late or twice is one tick.

    Parameters
    ----------
    retention
        The periods that this installation chose.

    Raises
    ------
    InvalidInput
        A period cannot be chosen so.
    """
    periods = periods_with(retention)
    clockwork = BackgroundScheduler(timezone=UTC)
    # Each is a job of its own: a monitor that takes long lets no date wait.
    for work, given, length in (
        (watch, [workspace], seconds),
        (tick, [workspace], seconds),
        (vouch, [workspace], 10 * MINUTE),
        (tidy, [workspace, periods], 60 * MINUTE),
    ):
        clockwork.add_job(
            work, "interval", given, seconds=length, coalesce=True, misfire_grace_time=None
        )
    clockwork.start()
    try:
        yield
    finally:
        clockwork.shutdown()


def vouch(workspace: "Workspace") -> None:
    """Sign the audit trail where nothing came for so long that nothing else does."""
    try:
        sealing.keep_up(workspace, at=session.now())
    except Exception:
        log.exception("the audit trail could not be signed")


def tidy(workspace: "Workspace", periods: "Sequence[Period]") -> None:
    """Dispose of what was kept long enough and is under no legal hold."""
    if workspace.sample:
        return  # the time of a sample stands still
    try:
        erasure.dispose_by_clock(workspace, at=session.now(), periods=periods)
    except Exception:
        log.exception("what is due to go could not be disposed of")


def watch(workspace: "Workspace") -> None:
    """Run the monitors that are due; whatever goes wrong is logged and the next tick comes."""
    try:
        for result in scheduling.run_due(workspace, at=session.now()):
            log.info("monitor of %s: %s", result.version_id, result.state)
    except Exception:
        log.exception("the scheduled monitors could not be run")


def tick(workspace: "Workspace") -> None:
    """Look at dates; whatever goes wrong is logged and the next tick comes."""
    if workspace.sample:
        return  # the time of a sample stands still
    try:
        for sentence in approvals.tick(workspace, at=session.now()).sentences:
            log.info(sentence)
    except Exception:
        log.exception("the dates of requests and approvals could not be looked at")
