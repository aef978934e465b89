"""Measure eighty checks of data quality on a wide file: CPU seconds, memory, beside the floor.

Every column is checked for missing values, numbers for their range, texts for their set. Give a
Parquet file, such as the million rows of forty columns the drift workload reads; each round runs
the floor (DuckDB's sum and count of every column) and the checks, a process each.

    python benchmarks/checks.py cur.parquet --rounds 5
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from lifecycle.domain.expectation import Check, Expectation
from lifecycle.engines import Engine, choose
from lifecycle.engines.contract import Kind, Source
from lifecycle.services.analysis.quality import QualityOptions, measure_quality

WIDE = 1e12
"""Far beyond every value, so that nothing is found and the scan alone is measured."""


def checks_of(engine: Engine, source: Source) -> list[Expectation]:
    """Expect no missing value in any column, numbers in a range and texts in their set."""
    found: list[Expectation] = []
    for column in source.columns:
        if column.kind is Kind.NUMERIC:
            bounds = Expectation(Check.RANGE, column.name, low=-WIDE, high=WIDE)
        elif column.kind is Kind.CATEGORICAL:
            values = engine.values(source, column.name, limit=1_000)
            bounds = Expectation(Check.SET, column.name, values=tuple(v for v, _ in values))
        else:
            continue
        found += [Expectation(Check.MISSING, column.name), bounds]
    return found


def checked(file: Path) -> int:
    """Open the file and check it as `lifecycle quality --expectations` does."""
    with choose() as engine:
        source = engine.open(str(file))
        expectations = checks_of(engine, source)
        options = QualityOptions(at=datetime.now(UTC), expectations=expectations)
        return len(measure_quality(engine, source=source, options=options).measurements)


def floor(file: Path) -> int:
    """Read every column as cheaply as DuckDB can."""
    import duckdb

    con = duckdb.connect()
    described = con.execute("DESCRIBE FROM read_parquet($f)", {"f": str(file)}).fetchall()
    sums = [
        f'sum(strlen("{name}"))' if kind == "VARCHAR" else f'sum("{name}")'
        for name, kind, *_ in described
        if kind == "VARCHAR" or kind in {"DOUBLE", "FLOAT", "BIGINT", "INTEGER"}
    ]
    con.execute(f"SELECT {', '.join(sums)} FROM read_parquet($f)", {"f": str(file)}).fetchall()
    return len(sums)


RUNS = {"floor": floor, "checks": checked}


def used() -> float:
    """Return the CPU seconds this process has used."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime


def alone(name: str, file: Path) -> dict[str, float]:
    """Run one of the two in a process of its own."""
    command = [sys.executable, __file__, str(file), "--only", name]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def main() -> None:
    """Run both in alternation and print the medians."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=sorted(RUNS))
    given = parser.parse_args()
    if given.only:
        import_module("lifecycle.engines.duckdb")  # before the clock starts

        before = used()
        n = RUNS[given.only](given.file)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        sys.stdout.write(json.dumps({"cpu": used() - before, "peak_mb": peak, "n": n}))
        return
    rounds = [{name: alone(name, given.file) for name in RUNS} for _ in range(given.rounds)]
    medians = {
        name: {
            key: round(statistics.median(r[name][key] for r in rounds), 3)
            for key in rounds[0][name]
        }
        for name in RUNS
    }
    sys.stdout.write(json.dumps(medians, indent=2) + "\n")


if __name__ == "__main__":
    main()
