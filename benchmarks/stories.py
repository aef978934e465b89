"""Does monitoring find every story planted in the sample portfolio, and nothing else?

Builds the sample (or takes one that is there), lists the alerts its monitors raised and what a
preview would have raised over the whole year, and holds both against what was planted: found,
missed, and what nobody planted. Run with ``python benchmarks/stories.py [--home FOLDER]``.
"""

import argparse
import json
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lifecycle.demo.building import build
from lifecycle.demo.truth import Found, compared
from lifecycle.store import monitors
from lifecycle.store.connection import Workspace


def main() -> None:
    """Print the comparison as JSON and as a sentence."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--home", type=Path, help="a sample portfolio that is there already")
    given = options.parse_args()
    at = datetime.now(UTC).replace(microsecond=0)
    with tempfile.TemporaryDirectory() as folder:
        home = given.home or Path(folder) / "sample"
        used = time.process_time()
        build(home, at=at)
        spent = time.process_time() - used
        with closing(Workspace.open(home)) as workspace:
            found = list(compared(workspace, at=built_at(workspace, otherwise=at)))
    print(json.dumps([shown(one) for one in found], indent=2))
    print(summary(found, spent=spent))


def built_at(workspace: Workspace, *, otherwise: datetime) -> datetime:
    """Return until when the sample's year goes: its monitors ran an hour before."""
    con = workspace.cursor()
    last = [monitors.last_run(con, m.version_id) for m in monitors.every(con)]
    runs = [run for run in last if run is not None]
    return max(runs) + timedelta(hours=1) if runs else otherwise


def shown(found: Found) -> dict[str, object]:
    """Return one model's result as JSON values."""
    return {
        "version": found.version_id,
        "windows": found.preview.windows,
        "series": found.preview.series,
        "tests": found.preview.tests,
        "episodes": len(found.preview.episodes),
        "planted": found.told,
        "extra": [
            {
                "since": one.since.start.date().isoformat(),
                "cause": str(one.cause),
                "severity": one.severity,
                "series": [
                    f"{name} {column or ''} {slice_}" for name, column, slice_ in one.series
                ],
            }
            for one in found.extra
        ],
        "false_alarms_a_month": found.preview.false_alarms,
        "basis": found.preview.basis,
    }


def summary(found: list[Found], *, spent: float) -> str:
    """Say it in a sentence."""
    told = [seen for one in found for seen in one.told.values()]
    extra = sum(len(one.extra) for one in found)
    tests = sum(one.preview.tests for one in found)
    return (
        f"{sum(told)} of {len(told)} planted stories found, {extra} alerts that nobody planted, "
        f"in {len(found)} versions and {tests:,} tests over a year; built in {spent:.0f} CPU-s."
    )


if __name__ == "__main__":
    main()
