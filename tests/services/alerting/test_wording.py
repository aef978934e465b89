from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from alarm_bench import after, series, window

from lifecycle.domain.alert import AlertRule, Cause, Severity
from lifecycle.domain.measurement import Window
from lifecycle.domain.raised_alert import Alert, Signal, Status, excess, gravest_first
from lifecycle.services import sentences
from lifecycle.services.alerting import wording
from lifecycle.stats.catalogue import Family


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


def of_one(signal: Signal) -> Alert:
    return Alert(
        id="alert-1",
        version_id="credit/1",
        series="1",
        cause=signal.cause,
        severity=signal.severity,
        window=signal.since,
        opened_at=after(3),
        rule=AlertRule(),
        owner="olga",
        signals=(signal,),
    )


def test_a_series_is_told_with_value_window_limit_size_and_its_worst():
    told = wording.sentence_of(a_signal(slice='{"sex":"Female"}'))

    assert "of age (sex Female) was 0.300 in the 7 days to 1 Feb 2026, limit 0.200, n 500" in told
    assert told.endswith("; at worst 0.600; since 12 Jan 2026")


def test_a_window_that_is_not_over_is_told_as_one():
    day = Window(window(3).start, window(3).start + timedelta(days=1))

    told = wording.sentence_of(a_signal(last=day), at=day.end - timedelta(hours=1))

    assert "was 0.300 on 26 Jan 2026 (not over yet), limit 0.200" in told
    assert "(not over" not in wording.sentence_of(a_signal(last=day), at=day.end)


def test_a_stuck_column_is_told_as_what_it_holds():
    stuck = a_signal(statistic="stuck_value", cause=Cause.QUALITY, value=1.0, worst=1.0, n=546)
    alert = replace(of_one(stuck), window=window(1))

    assert wording.sentence_of(stuck) == (
        "age held one single value in all 546 rows in the 7 days to 1 Feb 2026; since 12 Jan 2026"
    )
    assert sentences.of_alert(alert) == (
        "Quality since 12 Jan 2026: age held one single value in all 546 rows"
    )


def test_a_message_that_something_is_over_asks_for_nothing():
    rule = AlertRule(runbook="https://runbooks.example/drift")
    ended = replace(of_one(a_signal()), rule=rule, status=Status.CLEARED, ended_at=after(4))

    told = wording.text_of(ended, at=after(4))

    assert wording.title_of(ended) == "Over: credit/1, columns moved"
    assert told.startswith("Nothing is left to do. Beyond their limits were:\n- ")
    assert "Owner" not in told
    assert "unbook" not in told


def test_missing_rows_are_told_in_windows():
    silent = a_signal(cause=Cause.NO_DATA, statistic="rows", column=None, value=3.0)

    assert wording.sentence_of(silent) == "3 windows in a row have no rows, from 12 Jan 2026 on"
    assert place(silent) == ("model", {"model": "credit", "tab": "Monitoring"})


def place(signal):
    return wording.place_of("credit/1", wording.measured_in(signal))


@pytest.mark.parametrize(
    ("statistic", "page", "asked"),
    [
        ("psi", "drift", {"tab": "Columns", "statistic": "psi", "column": "age"}),
        ("label_drift", "drift", {"tab": "Answers and outcomes"}),
        ("mmd", "drift", {"tab": "Columns together"}),
        ("missing_share", "quality", {"statistic": "missing_share", "column": "age"}),
        ("accuracy", "performance", {"tab": "Over time", "statistic": "accuracy"}),
        ("estimated_roc_auc", "performance", {"tab": "Over time", "statistic": "roc_auc"}),
        ("estimated_value_per_decision", "performance", {"tab": "Value", "money": "Per decision"}),
        ("latency_p95", "performance", {"tab": "Service"}),
        (
            "impact_ratio",
            "fairness",
            {"tab": "Over time", "statistic": "impact_ratio", "attribute": "age"},
        ),
        ("no_longer_known", "drift", {}),
    ],
)
def test_a_series_is_shown_on_its_page_with_what_the_page_reads_from_its_address(
    statistic, page, asked
):
    found, where = place(a_signal(statistic=statistic))

    window = {"window": "2026-01-26"} if "column" in asked else {}
    assert (found, where) == (page, {"model": "credit", "version": "1"} | asked | window)


def test_a_series_of_a_group_is_shown_by_group():
    of_women = a_signal(statistic="accuracy", column=None, slice='{"sex":"F"}')
    assert place(of_women)[1]["tab"] == "By group"
    assert place(of_women)[1]["slice"] == "sex F"

    moved = replace(of_women, statistic="psi", column="age")
    assert place(moved)[1]["slice"] == "sex F"

    gap = replace(of_women, statistic="impact_ratio", column="age")
    assert place(gap)[1]["within"] == "sex F"


@pytest.mark.parametrize("family", list(Family))
def test_every_family_has_a_page_and_a_tab_that_is_there(family):
    page, tab = wording.PLACES[family]

    text = (Path(wording.__file__).parents[3] / "pages" / f"{page}.py").read_text()
    assert not tab or f'"{tab}"' in text.split("TABS = ")[1].split("\n\n")[0]


def test_every_cause_has_its_words():
    assert set(wording.WHAT) == set(Cause)


def test_the_gravest_series_comes_first_and_then_the_farthest_beyond():
    near, far = a_signal(worst=0.3), a_signal(worst=0.9, column="income")
    grave = a_signal(worst=0.21, severity=Severity.CRITICAL, column="region")

    assert gravest_first([near, far, grave]) == [grave, far, near]
    assert excess(None, 0.2) == excess(0.3, None) == 0.0


def test_a_message_names_ten_series_the_runbook_and_how_many_there_are(bench):
    rule = AlertRule(runbook="https://runbooks.example/drift")
    columns = [f"x{number}" for number in range(13)]
    (raised,) = bench.run(*(series("BB", column=name) for name in columns), rule=rule)

    text = wording.text_of(raised, at=after(3))

    assert text.count("was 0.3") == 10
    assert "- and 3 more" in text
    assert "Runbook: https://runbooks.example/drift" in text
    assert wording.summary_of(raised).endswith(", and 12 more series")


def test_a_clear_level_set_by_hand_goes_before_the_margin(bench):
    rule = AlertRule(k=1, m=1, clear={"ks": 0.02})
    bench.run(series("B"), rule=rule)

    assert [a.live for a in bench.run(series("Bc"), rule=rule)] == [True]
