"""Limits of a file's columns, learned from the reference compared with itself."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lifecycle.engines import choose
from lifecycle.services.analysis.drift import DriftOptions, measure_drift

STATISTICS = ("ks", "psi", "chi_squared")


@pytest.fixture
def run(tmp_path):
    """Return a function that measures drift by day, from values by side."""
    with choose("duckdb") as engine:

        def measure(before, now, **options):
            sources = []
            for name, values in (("before", before), ("now", now)):
                minutes = np.arange(len(values)) * 6
                at = np.datetime64("2026-01-01", "us") + minutes.astype("timedelta64[m]")
                file = tmp_path / f"{name}.parquet"
                pq.write_table(pa.table({"at": at, "x": values}), file)
                sources.append(engine.open(str(file)))
            chosen: Any = {"statistics": STATISTICS, "timestamp": "at", "window": "1d"} | options
            return measure_drift(
                engine,
                reference=sources[0],
                current=sources[1],
                options=DriftOptions(alert_on="null", **chosen),
            )

        yield measure


def test_unchanged_days_stay_below_a_learned_limit_and_moved_ones_do_not(run):
    rng = np.random.default_rng(5)
    now = rng.normal(size=4800)
    now[2400:] += 1

    result = run(rng.normal(size=7200), now)

    states = {}
    for m in result.measurements:
        states.setdefault(m.statistic, []).append(str(m.state))
    assert states["ks"] == ["ok"] * 10 + ["breach"] * 10
    assert states["psi"] == ["ok"] * 10 + ["breach"] * 10
    assert {m.limit for m in result.measurements if m.statistic == "chi_squared"} == {None}
    (limit,) = {m.limit for m in result.measurements if m.statistic == "psi"}
    assert 0.02 < limit < 0.2
    assert not result.notices


def test_limits_by_hand_and_of_too_short_a_reference_stay_and_are_said(run):
    rng = np.random.default_rng(5)

    result = run(rng.normal(size=960), rng.normal(size=480), limits={"ks": 0.3})

    limits = {m.statistic: m.limit for m in result.measurements}
    assert limits == {"ks": 0.3, "psi": 0.2, "chi_squared": None}
    assert any("4 windows" in n and "holds for psi" in n for n in result.notices)
