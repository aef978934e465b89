"""Slices of stored windows, and explanations of two times, compared."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tumour_life import AT, MONDAY

from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.measurement import State, Window
from lifecycle.domain.monitor import Comparison, ReferenceKind
from lifecycle.errors import InvalidInput
from lifecycle.services import explanation_drift, slices
from lifecycle.store import evidence, models, monitors

THIRD = Window(MONDAY + timedelta(days=14), MONDAY + timedelta(days=21))


@pytest.fixture
def monitor(monitored, ws):
    found = monitors.current(ws.cursor(), "tumour/1")
    assert found is not None
    return found


def test_the_slices_of_an_attribute_bring_the_whole_movement(monitor, ws, log):
    found = slices.of_window(ws.cursor(), monitor, column="mean texture", window=THIRD)

    by_sex = {one.slice["sex"]: one for one in found if set(one.slice) == {"sex"}}
    assert sum(one.share for one in by_sex.values()) == pytest.approx(1)
    week = log[log["week"] == 2]
    assert {name: one.n for name, one in by_sex.items()} == week["sex"].value_counts().to_dict()
    assert all(one.within > 0.3 for one in by_sex.values())


def test_a_rolling_reference_is_cut_into_slices_too(monitor, ws, log):
    rolling = replace(monitor, reference=Comparison(ReferenceKind.ROLLING, days=14, gap=0))

    found = slices.of_window(ws.cursor(), rolling, column="mean texture", window=THIRD)

    before = log[log["week"] < 2]["sex"].value_counts().to_dict()
    assert {one.slice["sex"]: one.n_reference for one in found} == before


def test_a_window_is_set_beside_the_days_its_monitor_compares_it_with(monitor, ws, log):
    rolling = replace(monitor, reference=Comparison(ReferenceKind.ROLLING, days=14, gap=0))
    women = '{"sex":"Female"}'

    found = slices.sides(ws.cursor(), rolling, window=THIRD, within=women)

    before, now = found[women]["mean texture"]
    assert before.rows == ((log["week"] < 2) & (log["sex"] == "Female")).sum()
    assert now.rows == ((log["week"] == 2) & (log["sex"] == "Female")).sum()
    assert set(found) == {women}


def test_a_slice_of_too_few_rows_is_not_shown_nor_one_that_gives_it_away():
    rows = {"{}": 503, '{"sex":"F"}': 500, '{"sex":"X"}': 3, '{"ward":"a"}': 503}

    hidden = [key for key in rows if slices.too_small(key, rows, least=0)]

    assert hidden == ['{"sex":"F"}', '{"sex":"X"}']


def test_a_window_or_column_that_was_not_counted_has_no_slices(monitor, ws):
    later = Window(THIRD.start + timedelta(days=700), THIRD.end + timedelta(days=700))

    assert slices.of_window(ws.cursor(), monitor, column="mean texture", window=later) == []
    assert slices.of_window(ws.cursor(), monitor, column="nothing", window=THIRD) == []


def explained(values, *, at=AT, snapshot="cancer@1", space="log-odds", n=500):
    columns: list[Any] = [
        {"column": name, "value": v, "interval": [v - 0.05, v + 0.05]} for name, v in values.items()
    ]
    return Evidence(
        "tumour/1",
        Purpose.EXPLANATION,
        snapshot,
        (),
        at,
        "dora",
        method={"output_space": space, "n": n},
        payload={"columns": columns},
    )


def test_explanations_are_compared_with_the_first_on_the_reference(registered, ws):
    version = models.version(ws.cursor(), "tumour", "1")
    elsewhere = explained({"a": 1.0, "b": 0.5, "c": 0.1})
    first = explained({"a": 1, "b": 0.5, "c": 0.1}, at=AT + timedelta(1), snapshot=registered.id)
    same = explained({"a": 1, "b": 0.6, "c": 0.1}, at=AT + timedelta(2))
    turned = explained({"a": 0.1, "b": 0.2, "c": 1.5}, at=AT + timedelta(3))
    with ws.transaction() as tx:
        for one in (elsewhere, first, same, turned):
            evidence.add(tx, one)

    found = explanation_drift.history(ws.cursor(), version)

    assert [one.id for one, _ in found] == [turned.id, same.id, elsewhere.id]
    by_id = {one.id: {m.statistic: m for m in measured} for one, measured in found}
    assert by_id[turned.id]["explanation_ndcg"].state is State.BREACH
    assert by_id[same.id]["explanation_ndcg"].value == pytest.approx(1)
    assert by_id[same.id]["explanation_ndcg"].state is State.OK
    assert by_id[turned.id]["explanation_rank_correlation"].value == pytest.approx(-1)


def test_a_column_that_a_version_does_not_know_moves_nothing_there():
    before, now = explained({"a": 1, "b": 0.5, "c": 0.2}), explained({"a": 1, "b": 0.5, "d": 0.7})

    ndcg, _ = explanation_drift.between(before, now)

    assert ndcg.value is not None
    assert 0.9 < ndcg.value < 1


def test_explanations_in_two_spaces_are_not_compared():
    with pytest.raises(InvalidInput, match="log-odds and probability"):
        explanation_drift.between(
            explained({"a": 1, "b": 2, "c": 3}),
            explained({"a": 1, "b": 2, "c": 3}, space="probability"),
        )


def test_importance_is_a_share_of_all_and_needs_an_explanation():
    assert explanation_drift.shares(explained({"a": 3.0, "b": 1.0})) == {"a": 0.75, "b": 0.25}
    assert explanation_drift.shares(None) == {}
    assert explanation_drift.baseline([], version=None) is None  # pyright: ignore[reportArgumentType] -- nothing to choose from
