"""What kept evidence shows of small groups: what it would hold had they been hidden at once."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.measurement import State
from lifecycle.engines import choose
from lifecycle.services.analysis.fairness import FairnessOptions, measure_fairness
from lifecycle.services.analysis.outcomes import Roles
from lifecycle.services.withholding import shown, told

SIZES = {("f", "x"): 3, ("f", "y"): 60, ("f", "z"): 40, ("m", "x"): 50, ("m", "y"): 80}
NUMBERS = ("statistic", "column", "slice", "value", "n", "interval", "p_adjusted", "state")


@pytest.fixture(scope="module")
def engine():
    with choose("duckdb") as opened:
        yield opened


@pytest.fixture(scope="module")
def rows(engine, tmp_path_factory):
    rng, n = np.random.default_rng(5), sum(SIZES.values())
    columns = {
        "g": [g for (g, _), k in SIZES.items() for _ in range(k)],
        "h": [h for (_, h), k in SIZES.items() for _ in range(k)],
        "y": rng.integers(0, 2, n),
        "p": rng.integers(0, 2, n),
        "kind": rng.choice(["a", "b", "c"], n),
        "guess": rng.choice(["a", "b", "c"], n),
    }
    file = tmp_path_factory.mktemp("rows") / "rows.parquet"
    pq.write_table(pa.table(columns), file)
    return engine.open(str(file))


def kept(engine, rows, *, roles=None, **options):
    """Measure, and keep the result as evidence."""
    asked = FairnessOptions(
        roles=roles or Roles(target="y", prediction="p"), sensitive=("g", "h"), **options
    )
    result = measure_fairness(engine, source=rows, options=asked)
    return Evidence(
        "credit/1",
        Purpose.FAIRNESS,
        "rows@1",
        result.measurements,
        datetime(2026, 1, 1, tzinfo=UTC),
        "vera",
        method={"settings": result.settings},
        payload={"findings": ["a finding"], "notices": list(result.notices)},
    )


def numbers(measurements):
    return [tuple(getattr(m, name) for name in NUMBERS) for m in measurements]


@pytest.mark.parametrize("roles", [None, Roles(target="kind", prediction="guess", task="classes")])
@pytest.mark.parametrize("k", [5, 20])
def test_evidence_shows_what_it_would_hold_had_small_groups_been_hidden_at_once(
    engine, rows, k, roles
):
    before = kept(engine, rows, intersect=2, roles=roles)
    after = kept(engine, rows, intersect=2, roles=roles, suppress=k)

    assert numbers(shown(before, shown_from=k)) == numbers(after.measurements)
    assert numbers(shown(after, shown_from=k)) == numbers(after.measurements)


def test_a_gap_that_groups_too_small_to_show_entered_is_withheld(engine, rows):
    before = kept(engine, rows, intersect=2, minimum_group=2)

    seen = [m for m in shown(before, shown_from=20) if m.column == "g & h"]

    assert {m.value for m in seen} == {None}
    assert {m.p_value for m in seen} == {None}
    assert {m.state for m in seen} == {State.INSUFFICIENT}


def test_sentences_that_count_small_groups_are_left_out(engine, rows):
    before = kept(engine, rows, intersect=2)

    assert any("has 3 rows" in said for said in told(before, shown_from=0))
    seen = told(before, shown_from=5)
    assert "a finding" in seen
    assert not any("has 3 rows" in said for said in seen)


@pytest.mark.parametrize("purpose", [Purpose.PERFORMANCE, Purpose.VALIDATION])
def test_other_evidence_is_shown_as_it_is(engine, rows, purpose):
    found = kept(engine, rows)
    other = Evidence("credit/1", purpose, None, found.measurements, found.created_at, "vera")

    assert shown(other, shown_from=500) == found.measurements
    assert shown(found, shown_from=0) == found.measurements
