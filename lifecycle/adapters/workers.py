"""The worker process: takes job folders from its input, one per line, and never opens the store.

A folder holds ``settings.json``. The worker writes ``progress.json`` as it goes and ``result.json``
at the end, each under a temporary name first, and everything it prints goes to ``log.txt``.
Run as ``python -m lifecycle.adapters.workers``; it ends with its input or with its parent.
"""

import contextlib
import importlib
import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lifecycle.errors import InsufficientData, InvalidInput, LifecycleError

Report = Callable[[float, str], None]
Handler = Callable[..., dict[str, object]]
PARENT_CHECK_SECONDS = 1.0


def main() -> None:
    """Work on one folder after the other until the input ends."""
    _end_with_parent()
    _limit_memory(int(os.environ.get("LIFECYCLE_WORKER_MEMORY_MB", "0")))
    for line in sys.stdin:
        if line.strip():
            work(Path(line.strip()))


def work(folder: Path) -> None:
    """Do the job in a folder; whatever goes wrong becomes its result."""
    with (
        (folder / "log.txt").open("a", encoding="utf-8", buffering=1) as log,
        contextlib.redirect_stdout(log),
        contextlib.redirect_stderr(log),
    ):
        try:
            settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
            report = _reporter(folder)
            handler = _named(settings.get("run", "")) or _handler(settings["kind"])
            answer = {"ok": True, "result": handler(settings, folder=folder, report=report)}
        except InsufficientData as error:
            answer = {"ok": False, "error": str(error), "insufficient": True}
        except LifecycleError as error:
            answer = {"ok": False, "error": str(error)}
        except MemoryError:
            traceback.print_exc()
            answer = {"ok": False, "error": "it needs more memory than a worker may use"}
        except Exception as error:  # noqa: BLE001 -- a worker reports every failure to its owner
            traceback.print_exc()
            answer = {"ok": False, "error": f"{type(error).__name__}: {error}"}
    write_json(folder / "result.json", answer)


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Write a file that a reader sees whole or not at all."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(json.dumps(content, allow_nan=False), encoding="utf-8")
    temporary.replace(path)


def _named(run: str) -> Handler | None:
    """Return what the owner of a job named; the settings are its own writing."""
    module, _, function = run.partition(":")
    return getattr(importlib.import_module(module), function) if run else None


def _handler(kind: str) -> Handler:
    if kind == "explain":
        from lifecycle.adapters import explaining  # takes seconds; only its jobs pay for it

        return explaining.run
    if kind == "warm":

        def warm(settings: Mapping[str, Any], *, folder: Path, report: Report) -> dict[str, object]:
            del settings, folder, report
            _handler("explain")
            return {}

        return warm
    raise InvalidInput(f"a worker knows no job of kind {kind!r}")


def _reporter(folder: Path) -> Report:
    def report(fraction: float, note: str) -> None:
        write_json(folder / "progress.json", {"progress": fraction, "note": note})
        sys.stdout.write(f"{note}\n")

    return report


def _limit_memory(megabytes: int) -> None:
    """Cap the address space where the system allows it."""
    if megabytes <= 0:
        return
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # POSIX only

        resource.setrlimit(resource.RLIMIT_AS, (megabytes * 2**20, megabytes * 2**20))


def _end_with_parent() -> None:
    """Leave when the parent is gone, so that a killed server leaves no worker behind."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(PARENT_CHECK_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    main()
