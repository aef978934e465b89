from dataclasses import replace
from datetime import UTC, datetime, timedelta

from lifecycle.charts import rankings, records, tables
from lifecycle.domain.measurement import Measurement, State, Window
from lifecycle.domain.usecase import Tier, UseCase

START = datetime(2026, 1, 5, tzinfo=UTC)


def measured(week, value, *, column="age", statistic="ks", limit=0.1):
    start = START + timedelta(weeks=week)
    judged = State.INSUFFICIENT if value is None else State.BREACH if value > limit else State.OK
    return Measurement(
        statistic,
        value,
        judged,
        column=column,
        window=Window(start, start + timedelta(weeks=1)),
        limit=limit,
        n=500,
    )


def test_columns_are_ranked_by_state_and_then_by_times_their_limit():
    history = [
        measured(0, 0.12, column="near"),
        measured(0, 0.5, column="far"),
        measured(0, 0.05, column="calm"),
        measured(0, None, column="thin"),
    ]

    assert [r.column for r in rankings.by_column(history)] == ["far", "near", "thin", "calm"]


def test_a_column_is_as_bad_as_its_worst_statistic_and_keeps_the_others():
    history = [measured(0, 0.05), measured(0, 0.9, statistic="psi", limit=0.2)]

    (ranked,) = rankings.by_column(history)

    assert (ranked.state, ranked.worst.statistic) == (State.BREACH, "psi")
    assert ranked.values == {"ks": 0.05, "psi": 0.9}


def test_a_column_that_is_not_in_the_newest_window_is_not_ranked():
    history = [measured(0, 0.5, column="gone"), measured(1, 0.05, column="here")]

    assert [r.column for r in rankings.by_column(history)] == ["here"]


def test_the_message_says_how_far_how_much_and_since_when():
    history = [measured(0, 0.25), measured(0, 0.05, column="b")]

    said = rankings.message(rankings.by_column(history, since={"age": START}))

    assert said == (
        "1 of 2 columns moved beyond a limit in the 7 days to 11 Jan 2026, most of all age: "
        "Kolmogorov-Smirnov distance 0.250, 2.5 times its limit of 0.100, since 5 Jan 2026"
    )


def test_the_message_says_when_nothing_could_be_judged():
    said = rankings.message(rankings.by_column([measured(0, None)]))

    assert said.endswith("1 could not be judged for lack of data")
    assert rankings.message([]) == "Nothing was measured yet"


def test_the_ranking_as_a_table_has_a_column_per_statistic():
    ranked = rankings.by_column([measured(0, 0.25), measured(0, 0.1, statistic="psi", limit=0.2)])

    (row,) = rankings.rows(ranked)

    assert (row["column"], row["times limit"], row["ks"], row["psi"]) == ("age", 2.5, 0.25, 0.1)


def test_a_table_keeps_all_digits_and_leaves_out_what_no_row_has():
    rows = tables.rows([replace(measured(0, 0.123456789), slice={"sex": "Female"})])

    assert rows[0]["value"] == 0.123456789
    assert rows[0]["rows"] == "sex Female"
    assert rows[0]["state"].endswith("breach")
    assert "adjusted p" not in rows[0]


def test_an_empty_table_is_empty():
    assert tables.rows([]) == []


def test_the_drivers_of_a_tier_are_told_with_question_and_answer():
    case = UseCase(
        id="triage",
        name="Triage",
        problem="",
        owner="o",
        sponsor="s",
        created_at=START,
        tier=Tier.HIGH,
        questionnaire="2026-11",
        answers={"practice": "no", "domain": "health", "effect": "decides", "interaction": "no"},
    )

    assert records.drivers(case) == [
        "Where is it used? Diagnosis, treatment or triage.",
        "What does its output do to a person? Decides about them without review.",
    ]
