"""A worker process as its owner sees it: started, given folders, asked how it goes, killed."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import lifecycle

THREADS = 1
MEMORY_MB = 8192
LOG_TAIL = 4000
LACKING = b"Memory allocation still failed"
"""What OpenBLAS says before it ends the whole process."""

PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "USERPROFILE")
"""All a worker sees of the environment: a model file is code, tokens are none of its business."""

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job has come, and the end of its log."""

    fraction: float
    note: str
    log: str


class Worker:
    """One worker process, opened and closed.

    Parameters
    ----------
    memory_mb
        Address space it may use, where the system can cap it; 0 for no cap.
    log
        Where what it says outside of a job goes, such as why it could not start.
    """

    def __init__(self, *, memory_mb: int = MEMORY_MB, log: Path | None = None) -> None:
        package = Path(lifecycle.__file__).parent.parent
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        environment |= dict.fromkeys(THREAD_VARIABLES, str(THREADS))
        environment |= {
            "PYTHONPATH": str(package),
            "PYTHONUNBUFFERED": "1",
            "LIFECYCLE_WORKER_MEMORY_MB": str(memory_mb),
        }
        self._log = log or Path(os.devnull)
        with self._log.open("ab") as sink:
            self._begun = sink.tell()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "lifecycle.adapters.workers"],
                stdin=subprocess.PIPE,
                stdout=sink,
                stderr=sink,
                env=environment,
                cwd=package,
                start_new_session=True,
                text=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def give(self, folder: Path) -> None:
        """Queue a folder; a worker that has died is noticed by `code`."""
        assert self._process.stdin is not None  # noqa: S101 -- opened with a pipe above
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(f"{folder}\n")
            self._process.stdin.flush()

    @property
    def code(self) -> int | None:
        """The exit code, negative for a signal; ``None`` while it lives."""
        return self._process.poll()

    @property
    def cause(self) -> str:
        """Why it ended, in a sentence's part; empty while it lives."""
        code = self.code
        if code is None:
            return ""
        with contextlib.suppress(OSError), self._log.open("rb") as said:
            said.seek(self._begun)
            if LACKING in said.read():
                return "it needs more memory than a worker may use"
        return _cause(code)

    def finish(self) -> None:
        """Close its input: it ends once it has done what it was given."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    def kill(self) -> None:
        """End it at once, with everything it started."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if hasattr(os, "killpg"):
                    os.killpg(self._process.pid, signal.SIGKILL)
                else:
                    self._process.kill()
        self._process.wait()
        self.finish()


def progress(folder: Path) -> Progress:
    """Read how far the job in a folder has come."""
    found = _read(folder / "progress.json") or {}
    log = ""
    with contextlib.suppress(OSError):
        log = (folder / "log.txt").read_text(encoding="utf-8", errors="replace")[-LOG_TAIL:]
    return Progress(float(found.get("progress", 0.0)), str(found.get("note", "")), log)


def result(folder: Path) -> dict[str, Any] | None:
    """Read what the job in a folder came to; ``None`` while it is not finished."""
    return _read(folder / "result.json")


def _cause(code: int) -> str:
    if code >= 0:
        return f"it stopped with code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    hint = "; it may have run out of memory" if name in {"SIGKILL", "SIGSEGV", "SIGABRT"} else ""
    return f"the system ended it ({name}){hint}"


def _read(path: Path) -> dict[str, Any] | None:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
