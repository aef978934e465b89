from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.domain.alert import AlertRule
from lifecycle.domain.measurement import Window
from lifecycle.domain.monitor import (
    Comparison,
    Grain,
    LimitRule,
    Monitor,
    ReferenceKind,
    laid_over,
    settings_of,
)
from lifecycle.domain.written import read, written
from lifecycle.errors import InvalidInput

AT = datetime(2026, 1, 1, tzinfo=UTC)
PLAIN = Monitor("m/1#1", "m/1", 1, AT, "dora")


def week(day: date) -> Window:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return Window(start, start + timedelta(days=7))


monitors = st.builds(
    Monitor,
    id=st.just("m/1#1"),
    version_id=st.just("m/1"),
    revision=st.just(1),
    created_at=st.just(AT),
    created_by=st.just("dora"),
    grain=st.sampled_from(Grain),
    reference=st.builds(
        Comparison, st.sampled_from(ReferenceKind), st.integers(1, 400), st.integers(0, 40)
    ),
    rule=st.sampled_from(LimitRule),
    limits=st.dictionaries(st.sampled_from(["ks", "psi"]), st.floats(0, 1)),
    column_limits=st.dictionaries(st.text(), st.dictionaries(st.just("ks"), st.floats(0, 1))),
    segments=st.lists(st.text(), max_size=3).map(tuple),
    schedule=st.none() | st.just("6h"),
    alerts=st.builds(AlertRule, k=st.just(1), owner=st.text()),
)


@given(monitors)
def test_settings_come_back_as_they_were_written(monitor):
    again = Monitor("m/1#1", "m/1", 1, AT, "dora", **settings_of(monitor.settings()))

    assert again == monitor


@given(monitors, monitors)
def test_settings_laid_over_others_are_all_there_and_naming_nothing_changes_nothing(one, other):
    both = laid_over(one.settings(), other.settings())

    assert laid_over(one.settings(), {}) == one.settings()
    assert laid_over(both, other.settings()) == both
    assert both["limits"] == one.limits | other.limits
    assert both["segments"] == list(other.segments)


def test_a_name_is_taken_out_alone_or_with_all_that_stands_below_it():
    before = {"limits": {"ks": 1, "psi": 2}, "column_limits": {"a": {"ks": 1}, "b": {"ks": 1}}}
    given: dict[str, Any] = {
        "limits": {"ks": None},
        "column_limits": {"a": {"ks": None}, 3: {"ks": 9}},
    }

    assert laid_over(before, given) == {
        "limits": {"psi": 2},
        "column_limits": {"b": {"ks": 1}, "3": {"ks": 9}},
    }
    assert laid_over(before, {"limits": None, "schedule": None}) == {
        "column_limits": before["column_limits"],
        "schedule": None,
    }
    assert laid_over({"alerts": AlertRule()}, {"alerts": {"k": 1}}) == {"alerts": {"k": 1}}


def test_a_rolling_span_ends_a_gap_before_the_window():
    rolling = Comparison(ReferenceKind.ROLLING, days=28, gap=7)

    span = rolling.span(week(date(2026, 3, 2)), grain=Grain.WEEK)

    assert span == (date(2026, 1, 26), date(2026, 2, 23))


@pytest.mark.parametrize(
    ("grain", "window", "span"),
    [
        (Grain.WEEK, week(date(2026, 3, 2)), (date(2025, 3, 3), date(2025, 3, 10))),
        (
            Grain.MONTH,
            Window(datetime(2024, 2, 1, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC)),
            (date(2023, 2, 1), date(2023, 3, 1)),
        ),
    ],
)
def test_a_season_ago_is_the_same_weekday_or_month_a_year_before(grain, window, span):
    found: Any = Comparison(ReferenceKind.SEASON).span(window, grain=grain)

    assert found == span
    assert found[0].weekday() == window.start.weekday() or grain is Grain.MONTH


def test_a_baseline_is_no_span_of_logged_days():
    assert Comparison().span(week(date(2026, 3, 2)), grain=Grain.WEEK) is None


@pytest.mark.parametrize(
    ("changed", "new"),
    [
        ({"reference": Comparison(ReferenceKind.ROLLING)}, True),
        ({"grain": Grain.DAY}, True),
        ({"bins": 100}, True),
        ({"limits": {"ks": 0.2}}, False),
        ({"segments": ("region",)}, False),
    ],
)
def test_only_another_reference_grain_or_number_of_bins_begins_a_series(changed, new):
    assert replace(PLAIN, **changed).begins_series(PLAIN) is new


def test_a_limit_of_the_column_goes_before_the_statistics_and_that_before_the_rules():
    monitor = replace(PLAIN, limits={"ks": 0.2}, column_limits={"age": {"ks": 0.3, "psi": 0.4}})

    assert monitor.limit("ks", column="age", otherwise=0.1) == 0.3
    assert monitor.limit("ks", column="income", otherwise=0.1) == 0.2
    assert monitor.limit("psi", column="income", otherwise=0.1) == 0.1
    fixed = replace(monitor, rule=LimitRule.FIXED)
    assert fixed.limit("psi", column="income", otherwise=0.1) is None
    assert fixed.limit("psi", column="age", otherwise=0.1) == 0.4


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"reference": {"kind": "roling"}}, "kind of reference of the monitor must be one of base"),
        ({"reference": 28}, "reference of the monitor must be settings by name, not 28"),
        ({"drift": "ks"}, "drift of the monitor must be a list, not 'ks'"),
        ({"limits": [0.1]}, "limits of the monitor must be values by name"),
        ({"active": "yes"}, "active of the monitor must be true or false"),
        ({"bins": True}, "bins of the monitor must be a whole number"),
        ({"schedule": 6}, "schedule of the monitor must be a text"),
        ({"qwx": 6}, "the monitor has no setting 'qwx'; known: id"),
    ],
)
def test_a_setting_that_cannot_be_read_is_named(settings, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        settings_of(settings)


def test_a_record_that_is_not_complete_says_what_it_lacks():
    with pytest.raises(InvalidInput, match=r"the window is not complete: .*'end'"):
        read(Window, {}, where="the window")


def test_enumerations_and_mappings_are_written_by_value_and_name():
    class Colour(StrEnum):
        RED = "red"

    assert written({Colour.RED: (Colour.RED, 1.5)}) == {"red": ["red", 1.5]}
