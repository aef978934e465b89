"""The logged rows of some windows, read once more for what no summary of them carries."""

import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from lifecycle.domain.measurement import Window
from lifecycle.domain.monitor import Monitor
from lifecycle.engines import Engine, rows
from lifecycle.engines.contract import Source
from lifecycle.services.measuring import window_of
from lifecycle.store import logs
from lifecycle.store.connection import Connection, Workspace


def files(
    con: Connection, monitor: Monitor, *, windows: Collection[Window]
) -> dict[Window, list[Path]]:
    """Return the files of each window that has any, oldest first."""
    found: dict[Window, list[Path]] = {}
    for day in logs.days(con, monitor.version_id):
        window = window_of(day.day, grain=monitor.grain)
        if window in windows:
            found.setdefault(window, []).extend(day.files)
    return found


def windows_of_rows(
    ws: Workspace,
    engine: Engine,
    *,
    monitor: Monitor,
    windows: Collection[Window],
    outcomes: Sequence[Path],
    until: datetime | None,
) -> Iterator[tuple[Window, Source]]:
    """Open the rows of one window after the other, beside their outcomes as far as known.

    A window without rows before `until` is left out; a source is gone once the next one is opened.
    """
    for window, logged in files(ws.cursor(), monitor, windows=windows).items():
        with tempfile.TemporaryDirectory(dir=ws.tmp) as folder:
            log = Path(folder) / "log.parquet"
            if rows.join(logged, outcomes, into=log, until=until):
                label = f"the log of {monitor.version_id}"
                yield window, replace(engine.open(str(log)), label=label)
