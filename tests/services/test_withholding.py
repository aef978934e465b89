"""What evidence, windows and counts show of small groups: as if they had been hidden at once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.measurement import Measurement, State, Window
from lifecycle.engines import choose
from lifecycle.services.analysis.fairness import FairnessOptions, measure_fairness
from lifecycle.services.analysis.outcomes import Roles
from lifecycle.services.withholding import counted, history, shown, told
from lifecycle.store import measurements
from lifecycle.store.connection import Workspace

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


START = datetime(2026, 1, 5, tzinfo=UTC)
WEEKS = [Window(START + timedelta(7 * i), START + timedelta(7 * i + 7)) for i in range(2)]


@pytest.fixture
def monitored(tmp_path):
    """Two weeks of one attribute's groups: c has few rows in the first week alone."""
    rows = ({"a": 90, "b": 40, "c": 8}, {"a": 90, "b": 40, "c": 60})
    found = []
    for window, groups in zip(WEEKS, rows, strict=True):
        for group, n in groups.items():
            of: dict[str, Any] = {"slice": {"sex": group}, "window": window, "n": n}
            found += [
                Measurement("selection_rate", 0.4, State.OK, **of),
                Measurement("ks", 0.2, State.OK, column="age", limit=0.1, **of),
            ]
        gap = Measurement(
            "demographic_parity_ratio", 0.7, State.BREACH, column="sex", window=window, n=138,
            limit=0.8,
        )  # fmt: skip
        found += [gap, Measurement("ks", 0.3, State.BREACH, column="sex", window=window, n=138)]
    with Workspace.create(tmp_path / "home", at=START) as workspace:
        with workspace.transaction() as tx:
            measurements.replace(tx, "credit/1", found, windows=None)
        yield workspace.cursor()


def values(found, week):
    return {
        (m.statistic, m.slice.get("sex"), m.column): (m.value, m.n)
        for m in found
        if m.window == WEEKS[week]
    }


def test_older_windows_hide_what_the_workspace_hides_now(monitored):
    seen = history(monitored, "credit/1", shown_from=10)

    # b is hidden too, since the total less a and b is c.
    assert values(seen, 0) == {
        ("selection_rate", "a", None): (0.4, 90),
        ("ks", "a", "age"): (0.2, 90),
        ("selection_rate", "b", None): (None, None),
        ("ks", "b", "age"): (None, None),
        ("selection_rate", "c", None): (None, None),
        ("ks", "c", "age"): (None, None),
        ("demographic_parity_ratio", None, "sex"): (0.7, None),
        ("ks", None, "sex"): (0.3, 138),
    }
    assert values(seen, 1) == values(measurements.history(monitored, "credit/1"), 1)


def test_what_is_hidden_does_not_depend_on_which_of_it_is_asked_for(monitored):
    asked = {"statistic": "demographic_parity_ratio", "column": "sex"}

    everything = history(monitored, "credit/1", shown_from=50)
    alone = history(monitored, "credit/1", shown_from=50, **asked)

    assert alone == [m for m in everything if m.statistic == "demographic_parity_ratio"]
    assert [(m.value, m.n) for m in alone] == [(None, None), (None, None)]


def test_windows_are_as_they_were_measured_where_nothing_more_is_hidden(monitored):
    assert history(monitored, "credit/1", shown_from=5) == measurements.history(
        monitored, "credit/1"
    )


def test_groups_just_counted_are_hidden_by_their_rows_and_never_below_five():
    found = [Measurement("accuracy", 0.9, State.OK, n=200)]
    sizes: list[tuple[dict[str, str], int]] = [({}, 200)]
    for group, n in {"a": 120, "b": 70, "c": 8, "d": 2}.items():
        found.append(Measurement("accuracy", 0.8, State.OK, slice={"region": group}, n=n))
        sizes.append(({"region": group}, n))

    by_setting = {k: counted(found, sizes=sizes, shown_from=k) for k in (0, 10, 1000)}

    shown_of = {k: [m.slice.get("region") for m in of if m.value] for k, of in by_setting.items()}
    assert shown_of == {0: [None, "a", "b"], 10: [None, "a", "b"], 1000: [None]}


def test_a_way_to_narrow_a_gap_shows_none_that_groups_too_small_to_show_may_have_entered():
    of: dict[str, Any] = {"slice": {"point": "as it is"}, "n": 500}
    kept = Evidence(
        "credit/1",
        Purpose.MITIGATION,
        "rows@1",
        (
            Measurement("accuracy", 0.9, State.OK, **of),
            Measurement("demographic_parity_difference", 0.2, State.OK, column="sex", **of),
        ),
        START,
        "vera",
    )

    assert shown(kept, shown_from=30) == kept.measurements
    assert [m.value for m in shown(kept, shown_from=31)] == [0.9, None]
