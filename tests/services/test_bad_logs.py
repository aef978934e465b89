"""Whatever a log holds: a state with a reason, never a number that lies, and the run goes on."""

import json
from datetime import timedelta
from math import isfinite

import numpy as np
import pytest
from tumour_life import AT, FEATURES, MONDAY, deliver, tell

from lifecycle.errors import InvalidInput
from lifecycle.services import monitoring
from lifecycle.store import log_schemas, measurements

RADIUS, TEXTURE, SMOOTHNESS = FEATURES
LATER = AT + timedelta(hours=1)


@pytest.fixture
def run(registered, ws, dev, tmp_path):
    """Return a function that delivers logs, runs the monitor and returns what was measured."""

    def measured(*logs, outcomes=()):
        for i, rows in enumerate(outcomes):
            tell(ws, dev, rows, tmp_path, name=f"outcomes{i}")
        for i, rows in enumerate(logs):
            deliver(ws, dev, rows, tmp_path, name=f"log{i}")
        monitoring.define(ws, "tumour", "1", minimum=100, by=dev, at=AT)
        (result,) = monitoring.run(ws, by=dev, at=LATER)
        found = measurements.history(ws.cursor(), "tumour/1")
        assert result.measurements == len(found)
        return found

    return measured


def honest(found):
    """Every number is finite, and whatever has none says why."""
    for m in found:
        numbers = [m.value, m.limit, m.p_value, m.p_adjusted, *(m.interval or ())]
        assert all(n is None or isfinite(n) for n in numbers), m
        assert m.value is not None or m.reason, m
    return found


def of(found, statistic, column=None, week=None):
    start = None if week is None else MONDAY + timedelta(weeks=week)
    return [
        m
        for m in found
        if m.statistic == statistic
        and m.column == column
        and not m.slice
        and (start is None or (m.window is not None and m.window.start == start))
    ]


def changed(log, column, values, *, where=None):
    rows = log.copy()
    rows[column] = rows[column].astype(object) if isinstance(values, str) else rows[column]
    rows.loc[slice(None) if where is None else where, column] = values
    return rows


DAMAGE = {
    "nothing but missing values": (RADIUS, lambda n: np.full(n, np.nan)),
    "infinities": (RADIUS, lambda n: np.where(np.arange(n) % 3 == 0, np.inf, 14.0)),
    "one value": (RADIUS, lambda n: np.full(n, 14.0)),
    "absurd values": (RADIUS, lambda n: np.full(n, 1e300)),
    "no score": ("proba", lambda n: np.full(n, np.nan)),
}


@pytest.mark.parametrize(("column", "values"), DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_column_is_told_of_and_the_others_are_measured_as_ever(run, log, column, values):
    found = honest(run(changed(log, column, values(len(log)))))

    named = "score" if column == "proba" else column
    damaged = [m for m in found if m.column == named and m.state in {"breach", "insufficient"}]
    assert damaged
    assert all(m.reason or m.value is not None for m in damaged)
    assert of(found, "ks", TEXTURE, week=3)[0].state == "breach"
    assert {m.state for m in of(found, "ks", SMOOTHNESS, week=0)} == {"ok"}


def test_a_category_per_row_is_unseen_in_every_row(run, log):
    found = honest(run(changed(log, "ward", [f"w{i}" for i in range(len(log))])))

    assert of(found, "ks", TEXTURE, week=3)[0].state == "breach"
    assert {m.value for m in of(found, "unseen_category_share", "ward")} == {1.0}
    assert {m.state for m in of(found, "unseen_category_share", "ward")} == {"breach"}


def test_a_week_without_rows_is_said_and_counts_as_no_volume(run, log):
    found = honest(run(log[log["week"] != 1]))

    (silent,) = of(found, "ks", RADIUS, week=1)
    assert (silent.state, silent.n) == ("insufficient", 0)
    assert silent.reason
    assert of(found, "volume_change", week=1)[0].n == 0


@pytest.mark.parametrize("years", [-40, 60])
def test_a_clock_that_jumps_by_decades_makes_one_lonely_window(run, log, years):
    rows = log.copy()
    rows["when"] = rows["when"].astype("datetime64[us, UTC]")
    rows.loc[0, "when"] += timedelta(days=365 * years)

    found = honest(run(rows))

    lonely = [m for m in found if m.window and abs((m.window.start - MONDAY).days) > 3_000]
    judged = {m.state for m in lonely if m.statistic != "volume_change"}
    assert judged <= {"insufficient", "not_applicable"}
    assert len({m.window for m in found}) < 4 + 1 + 32
    assert of(found, "ks", TEXTURE, week=3)[0].state == "breach"


def test_outcomes_that_come_before_their_predictions_count_once_these_are_there(run, log):
    found = honest(run(log, outcomes=[log]))

    assert of(found, "accuracy", week=0)[0].n == 250


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda rows: changed(rows, "case", "c0", where=[5]), "row 6 repeats the id 'c0' of row 1"),
        (lambda rows: changed(rows, RADIUS, "abc", where=[7]), "row 8 .*abc.*, expected a number"),
        (lambda rows: rows.drop(columns=[RADIUS]), "no column 'mean radius'"),
        (lambda rows: rows.assign(when=rows["when"].where(rows.index != 3)), "row 4 .*a time"),
    ],
)
def test_a_file_that_cannot_be_logged_is_refused_whole_and_the_log_stands(
    run, ws, dev, log, tmp_path, spoil, said
):
    spoiled = spoil(log[log["week"] == 3].reset_index(drop=True).astype({"case": str}))
    spoiled["case"] = [f"x{c}" if c != "c0" else c for c in spoiled["case"]]
    if "repeats" in said:
        spoiled.loc[0, "case"] = "c0"
    spoiled.to_json(tmp_path / "spoiled.jsonl", orient="records", lines=True, date_format="iso")

    with pytest.raises(InvalidInput, match=said):
        send(ws, dev, tmp_path / "spoiled.jsonl")
    found = honest(run(log[log["week"] < 3]))

    assert {m.window.start for m in found if m.window} == {
        MONDAY + timedelta(weeks=week) for week in range(3)
    }


def send(ws, dev, file):
    from lifecycle.services import ingestion

    return ingestion.predictions(
        ws, "tumour", "1", [file], timestamp="when", id="case", by=dev, at=AT
    )


def test_an_id_that_is_logged_already_is_refused(run, ws, dev, log, tmp_path):
    run(log)

    with pytest.raises(InvalidInput, match="the id 'c0' is in the log of tumour/1 already"):
        deliver(ws, dev, log.head(1), tmp_path, name="again")


def test_columns_that_come_and_go_are_kept_with_the_time_they_did(run, ws, log):
    first = log[log["week"] < 2]
    later = log[log["week"] >= 2].assign(branch="x", ward=1)

    honest(run(first, later))

    before, now = log_schemas.every(ws.cursor(), "tumour/1")
    assert now.first_at == later["when"].min().floor("us")
    assert set(now.columns) - set(before.columns) == {"branch"}
    assert (before.columns["ward"], now.columns["ward"]) == ("text", "number")
    assert json.dumps(dict(now.columns))
