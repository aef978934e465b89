from dataclasses import replace

import pytest
from alarm_bench import series, window

from lifecycle.domain.alert import AlertRule, Cause, Severity
from lifecycle.domain.raised_alert import Signal, excess, gravest_first
from lifecycle.services.alerting import wording


def a_signal(**changes) -> Signal:
    made = Signal(
        cause=Cause.DRIFT,
        statistic="psi",
        column="age",
        slice="{}",
        severity=Severity.WARNING,
        since=window(1),
        last=window(3),
        value=0.3,
        worst=0.6,
        limit=0.2,
        n=500,
    )
    return replace(made, **changes)


def test_a_series_is_told_with_value_window_limit_size_and_its_worst():
    told = wording.sentence_of(a_signal(slice='{"sex":"Female"}'))

    assert "of age (sex Female) was 0.3 from 2026-01-26 to 2026-02-02, limit 0.2, n 500" in told
    assert told.endswith("; at worst 0.6; since 2026-01-12")


def test_missing_rows_are_told_in_windows():
    silent = a_signal(cause=Cause.NO_DATA, statistic="rows", column=None, value=3.0)

    assert wording.sentence_of(silent) == "3 windows in a row have no rows, from 2026-01-12 on"
    assert wording.place_of("credit/1", silent) == ("model", {"model": "credit"})


@pytest.mark.parametrize(
    ("cause", "page", "key"),
    [
        (Cause.DRIFT, "drift", "column"),
        (Cause.QUALITY, "quality", "column"),
        (Cause.FAIRNESS, "fairness", "attribute"),
        (Cause.ESTIMATION, "performance", "column"),
    ],
)
def test_a_series_is_shown_on_its_page_with_column_slice_and_window_in_the_address(
    cause, page, key
):
    found, where = wording.place_of("credit/1", a_signal(cause=cause, slice='{"sex":"F"}'))

    assert found == page
    assert where == {
        "model": "credit",
        "version": "1",
        "statistic": "psi",
        key: "age",
        "slice": '{"sex":"F"}',
        "window": "2026-01-26",
    }


def test_every_cause_has_its_words_and_its_page():
    assert set(wording.WHAT) == set(wording.PAGES) == set(Cause)


def test_the_gravest_series_comes_first_and_then_the_farthest_beyond():
    near, far = a_signal(worst=0.3), a_signal(worst=0.9, column="income")
    grave = a_signal(worst=0.21, severity=Severity.CRITICAL, column="region")

    assert gravest_first([near, far, grave]) == [grave, far, near]
    assert excess(None, 0.2) == excess(0.3, None) == 0.0


def test_a_message_names_ten_series_the_runbook_and_how_many_there_are(bench):
    rule = AlertRule(runbook="https://runbooks.example/drift")
    columns = [f"x{number}" for number in range(13)]
    (raised,) = bench.run(*(series("BB", column=name) for name in columns), rule=rule)

    text = wording.text_of(raised)

    assert text.count("was 0.3") == 10
    assert "- and 3 more" in text
    assert "Runbook: https://runbooks.example/drift" in text
    assert wording.summary_of(raised).endswith(", and 12 more series")


def test_a_clear_level_set_by_hand_goes_before_the_margin(bench):
    rule = AlertRule(k=1, m=1, clear={"ks": 0.02})
    bench.run(series("B"), rule=rule)

    assert [a.live for a in bench.run(series("Bc"), rule=rule)] == [True]
