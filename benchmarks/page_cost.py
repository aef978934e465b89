"""What the Drift page costs as a log grows: the same year and columns over 10^5 and 10^8 rows.

Two workspaces hold a version watched by day for a year, with the same summaries but for the rows
behind them: each count of the larger log is a thousand times that of the smaller. Both are
measured and saved as a monitor's run does it; then the page is run on them in turn. Prints JSON,
then a sentence; fails when the larger log costs the server over a fifth more or less.
"""

import argparse
import json
import logging
import statistics
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.model import Columns, Model, ModelKind, Stage, Task, Version
from lifecycle.domain.monitor import Grain, Monitor
from lifecycle.domain.usecase import Tier, UseCase
from lifecycle.services.monitoring import baseline, counting, saving
from lifecycle.services.monitoring.reference import Codes
from lifecycle.stats.summaries import FloatArray, NumericProfile, exact, numeric_bins
from lifecycle.store import arrays, logs, models, monitors, usecases
from lifecycle.store.cells import slice_key
from lifecycle.store.connection import Workspace

DAYS = 365
DAILY = 274
"""Rows of a day of the smaller log: 100,010 in a year."""

SCALES = {"1e5": 1, "1e8": 1_000}
PATTERNS = 24
"""Different days; a column goes through them in an order of its own."""

BAND = 0.2
FIRST = date(2025, 11, 1)
AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
OWNER = Actor("olga", frozenset(Role))


def days_of_a_column(edges: FloatArray, *, scale: int) -> list[NumericProfile]:
    """Summarise days of a normal column whose mean wanders, so many times its own rows."""
    rng = np.random.default_rng(5)
    inside = np.concatenate([[edges[0] - 0.5], (edges[1:] + edges[:-1]) / 2, [edges[-1] + 0.5]])
    found: list[NumericProfile] = []
    for pattern in range(PATTERNS):
        shift = 0.4 * np.sin(2 * np.pi * pattern / PATTERNS)
        at = np.searchsorted(edges, rng.normal(shift, 1.0, DAILY))
        counts = np.bincount(at, minlength=len(inside)).astype(np.int64) * scale
        squares = exact.products(inside * inside, counts).total()
        found.append(
            NumericProfile(
                edges=edges,
                counts=counts,
                totals=exact.products(inside, counts),
                missing=0,
                infinite=0,
                low=float(inside[counts > 0].min()),
                high=float(inside[counts > 0].max()),
                square_totals=exact.stacked([squares]),
            )
        )
    return found


def version_of(tx: Any, names: tuple[str, ...]) -> tuple[Version, Monitor]:
    """Register a version that is watched by day."""
    usecases.add(
        tx,
        UseCase(
            id="use",
            name="A year of a log",
            problem="p",
            owner="olga",
            sponsor="sam",
            created_at=AT,
            tier=Tier.LIMITED,
            questionnaire="2026-11",
            answers={},
            affected="applicants",
        ),
    )
    kind, task = ModelKind.PREDICTIVE, Task.BINARY
    models.add(tx, Model("model", "use", "A model", kind, task, "olga", "rank", AT, "use"))
    columns = Columns(target="y", features=names)
    version = Version("model", "1", Stage.PRODUCTION, "dev", AT, columns)
    models.add_version(tx, version)
    monitor = Monitor("monitor", version.id, 1, AT, "olga", grain=Grain.DAY, minimum=DAILY // 2)
    monitors.add(tx, monitor)
    return version, monitor


def fill(workspace: Workspace, *, columns: int, scale: int) -> tuple[int, float]:
    """Save a year of days as a monitor's run does; return the measurements and CPU seconds."""
    rng = np.random.default_rng(3)
    names = tuple(f"x{i:03d}" for i in range(columns))
    edges = numeric_bins(np.sort(rng.normal(size=20_000)), bins=64)
    patterns = days_of_a_column(edges, scale=scale)
    whole = NumericProfile.merged(patterns)
    days = [FIRST + timedelta(days=i) for i in range(DAYS)]
    starts = rng.integers(0, PATTERNS, columns)
    profiles = {
        (day, name, slice_key({})): patterns[(start + i) % PATTERNS]
        for name, start in zip(names, starts.tolist(), strict=True)
        for i, day in enumerate(days)
    }
    with workspace.transaction() as tx:
        version, monitor = version_of(tx, names)
        times = [datetime(day.year, day.month, day.day, tzinfo=UTC) for day in days]
        listed = {
            "path": [f"model/1/day={day}/0.parquet" for day in days],
            "model_id": ["model"] * DAYS,
            "version_id": [version.id] * DAYS,
            "day": days,
            "row_count": [DAILY * scale] * DAYS,
            "first_at": times,
            "last_at": [at + timedelta(hours=23) for at in times],
            "bytes": [DAILY * scale * 800] * DAYS,
            "sha256": ["0" * 64] * DAYS,
            "position": list(range(DAYS)),
        }
        arrays.insert(tx, "log_file", listed)
    references = dict.fromkeys(names, whole)
    work = saving.Work(
        monitor=monitor,
        plan=counting.Plan(version, Task.BINARY, references, np.empty(0), Codes(), {}),
        baseline=baseline.Baseline({n: {baseline.UNDATED: whole} for n in names}, {}, {}),
        learned=(),
        fresh=True,
        revised=True,
        rebinned=True,
        days=logs.days(workspace.cursor(), version.id),
        outcomes=(),
        counted=counting.Counted(profiles, {}, DAYS * DAILY * scale, ()),
        silent=frozenset(),
        until=None,
        later=frozenset(),
        reasons=(),
    )
    began = time.process_time()
    _, measured = saving.save(workspace, work, by=OWNER, at=AT)
    return len(measured), time.process_time() - began


def measure(homes: dict[str, Path], *, runs: int) -> dict[str, dict[str, list[float]]]:
    """Run the page on every workspace in turn; milliseconds of CPU and of wall."""
    logging.getLogger("streamlit").setLevel(logging.ERROR)  # it misses a browser, rightly
    from streamlit.testing.v1 import AppTest

    from app import session
    from lifecycle.settings import load

    opened = {
        name: session.Process(
            workspace=Workspace.open(home), settings=load(home=home), acting=OWNER
        )
        for name, home in homes.items()
    }
    pages: dict[str, AppTest] = {}
    times: dict[str, dict[str, list[float]]] = {n: {"cpu_ms": [], "wall_ms": []} for n in homes}
    for number in range(-1, runs):
        for name, process in opened.items():
            with session.serving(process):
                if number < 0:
                    page = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=120)
                    page.query_params["span"] = "everything"
                    pages[name] = page.run()
                    page.switch_page("../pages/drift.py").run()
                    continue
                cpu, wall = time.process_time(), time.perf_counter()
                pages[name].run()
                times[name]["cpu_ms"].append(1_000 * (time.process_time() - cpu))
                times[name]["wall_ms"].append(1_000 * (time.perf_counter() - wall))
            if pages[name].exception:
                raise SystemExit(pages[name].exception[0].message)
            if not pages[name].get("plotly_chart"):
                raise SystemExit(f"the page shows no chart over {name} rows")
    for process in opened.values():
        process.workspace.close()
    return times


def main() -> int:
    """Fill both workspaces, run the page and print what it took; 1 beyond the band."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--columns", type=int, default=100)
    wanted.add_argument("--runs", type=int, default=9)
    given = wanted.parse_args()
    logs_of: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        homes = {name: Path(folder) / name for name in SCALES}
        for name, scale in SCALES.items():
            workspace = Workspace.create(homes[name], at=AT)
            kept, spent = fill(workspace, columns=given.columns, scale=scale)
            workspace.close()
            logs_of[name] = {
                "rows": DAYS * DAILY * scale,
                "measurements": kept,
                "saving_cpu_s": round(spent, 1),
            }
            print(f"{name} rows: {kept} measurements saved in {spent:.1f} CPU-s", file=sys.stderr)
        times = measure(homes, runs=given.runs)
    for name, taken in times.items():
        logs_of[name] |= {key: round(statistics.median(t), 1) for key, t in taken.items()}
    small, large = (logs_of[name]["cpu_ms"] for name in SCALES)
    ratio = large / small
    report = {"days": DAYS, "columns": given.columns, "logs": logs_of, "ratio": round(ratio, 3)}
    print(json.dumps(report, indent=2))
    kept_to = "within" if abs(ratio - 1) <= BAND else "beyond"
    print(
        f"The Drift page over {DAYS} days and {given.columns} columns takes {small:.0f} ms of CPU "
        f"over 10^5 rows and {large:.0f} ms over 10^8: {ratio:.2f} times, {kept_to} the band of "
        f"{BAND:.0%}."
    )
    return int(abs(ratio - 1) > BAND)


if __name__ == "__main__":
    raise SystemExit(main())
