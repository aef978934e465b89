"""How long the server takes for each page of the sample portfolio: medians through AppTest.

Run with ``make bench``. Prints a table and writes ``benchmarks/results/pages.json``.
"""

import argparse
import json
import logging
import platform
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMIT_MS = 150.0
"""The most a page may take, as a median."""


def main() -> int:
    """Build or open a sample workspace, run every page and print what it took."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--home", type=Path, help="a sample workspace; built anew when absent")
    arguments.add_argument("--runs", type=int, default=15)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = given.home or Path(folder) / "sample"
        if given.home is None:
            built = build(home)
            print(f"sample portfolio built in {built:.1f} s")
        rows = measure(home, runs=given.runs)
    report(rows)
    return int(any(float(row["median_ms"]) >= LIMIT_MS for row in rows))


def build(home: Path) -> float:
    """Build the sample portfolio and return the seconds it took."""
    from lifecycle.demo import build as build_portfolio

    start = time.perf_counter()
    build_portfolio(home, at=datetime.now(UTC))
    return time.perf_counter() - start


def measure(home: Path, *, runs: int) -> list[dict[str, float | str]]:
    """Run each page several times in one signed-in session."""
    logging.getLogger("streamlit").setLevel(logging.ERROR)  # it misses a browser, rightly
    sys.path.insert(0, str(ROOT))
    from streamlit.testing.v1 import AppTest

    from app import session
    from lifecycle.domain.actor import Role
    from lifecycle.settings import load
    from lifecycle.store import people
    from lifecycle.store.connection import Workspace

    workspace = Workspace.open(home)
    con = workspace.cursor()
    # The person with the most pages: an administrator sees what others do not.
    person = next(p for p in people.every(con) if Role.AUDITOR in p.roles)
    process = session.Process(
        workspace=workspace, settings=load(home=home), acting=person.acting(via="sample")
    )
    rows: list[dict[str, float | str]] = []
    with session.serving(process):
        for page in sorted((ROOT / "pages").glob("*.py")):
            test = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60).run()
            test.switch_page(f"../pages/{page.name}").run()
            times: list[float] = []
            for _ in range(runs):
                start = time.perf_counter()
                test.run()
                times.append((time.perf_counter() - start) * 1000)
            if test.exception:
                raise SystemExit(f"{page.name}: {test.exception[0].message}")
            rows.append(
                {
                    "page": page.stem,
                    "median_ms": round(statistics.median(times), 1),
                    "min_ms": round(min(times), 1),
                    "max_ms": round(max(times), 1),
                }
            )
    workspace.close()
    return rows


def report(rows: list[dict[str, float | str]]) -> None:
    """Print the table and keep it as JSON."""
    print(f"{'page':<14}{'median ms':>10}{'min':>8}{'max':>8}")
    for row in rows:
        print(f"{row['page']:<14}{row['median_ms']:>10}{row['min_ms']:>8}{row['max_ms']:>8}")
    folder = ROOT / "benchmarks" / "results"
    folder.mkdir(exist_ok=True)
    machine = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "streamlit": version("streamlit"),
        "duckdb": version("duckdb"),
        "date": datetime.now(UTC).date().isoformat(),
    }
    text = json.dumps({"machine": machine, "limit_ms": LIMIT_MS, "pages": rows}, indent=2)
    (folder / "pages.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
