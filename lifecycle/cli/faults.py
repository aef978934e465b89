"""Where the traceback of a fault of ours goes: into a log file, never onto the screen."""

import os
import sys
import traceback
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from lifecycle.errors import LifecycleError
from lifecycle.settings import load


def report_fault(error: Exception, *, command: Sequence[str]) -> str:
    """Log an unexpected error and return the sentence that the user sees."""
    fault = uuid.uuid4().hex[:8]
    said = f"a fault of ours (id {fault}), not of your input"
    text = "".join(traceback.format_exception(error))
    at = datetime.now(UTC).isoformat(timespec="seconds")
    for folder in (_workspace_logs(), _state_folder()):
        if folder is None:
            continue
        try:
            folder.mkdir(parents=True, exist_ok=True)
            log = folder / "faults.log"
            with log.open("a", encoding="utf-8") as stream:
                # Values of options may be personal; their names are enough to find the cause.
                stream.write(f"{at} {fault} lifecycle {' '.join(_names(command))}\n{text}\n")
        except OSError:
            continue
        return f"{said}; the details are in {log}"
    return f"{said}; its details could not be written to any log"


def _names(command: Sequence[str]) -> list[str]:
    return [part.split("=")[0] for i, part in enumerate(command) if i == 0 or part.startswith("-")]


def _workspace_logs() -> Path | None:
    """Return the log folder of the workspace, where there is one."""
    try:
        home = load().home
    except LifecycleError:
        return None
    return home / "logs" if home.is_dir() else None


def _state_folder() -> Path:
    """Return where this system keeps the logs of a user's programs."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home()) / "lifecycle" / "logs"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Logs" / "lifecycle"
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path.home() / ".local" / "state") / "lifecycle"
