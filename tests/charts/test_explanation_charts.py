"""Do the charts of explanations say in their titles and tables what their numbers say?"""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from lifecycle.charts import compared, decisions, effects, importance
from lifecycle.charts.effects import View
from lifecycle.domain.evidence import Evidence, Purpose

AT = datetime(2026, 11, 20, tzinfo=UTC)

CURVE = {"x": [0.0, 1.0, 2.0], "mean": [[0.1, 0.3, 0.6]], "low": [[0.0, 0.2, 0.5]]}
NUMBER: dict[str, Any] = {
    "kind": "number",
    "dots": {"x": [0.0, 2.0], "shap": [[-0.2, 0.3]], "by": "age", "colour": [20.0, 60.0]},
    "partial": CURVE | {"high": [[0.2, 0.4, 0.7]], "lines": [[[0.1, 0.2, 0.5]]], "rows": 100},
    "accumulated": CURVE | {"high": [[0.2, 0.4, 0.7]], "rows": 100},
}
CATEGORY: dict[str, Any] = {
    "kind": "category",
    "dots": {"x": ["own", "rent"], "shap": [[-0.2, 0.3]], "by": None, "colour": None},
    "partial": {"x": ["own", "rent"], "mean": [[0.2, 0.5]], "low": [[0.1, 0.4]]}
    | {"high": [[0.3, 0.6]], "lines": [[]], "rows": 100},
    "accumulated": None,
}
DECISION: dict[str, Any] = {
    "values": {"debt": 0.8, "home": "rent", "age": None},
    "shares": {"debt": 0.5, "home": -0.1, "age": 0.0},
    "base": -1.0,
    "output": -0.6,
    "output_space": "log-odds",
    "explained": "1",
    "decision": {"score": 0.354, "threshold": 0.3, "positive": True},
    "suggestions": [
        {
            "changes": [{"column": "debt", "from": 0.8, "to": 0.5}],
            "score": 0.25,
            "distance": 0.1,
            "lonelier": 0.25,
        }
    ],
    "similar": [
        {
            "values": {"debt": 0.7},
            "answer": {"output": "1", "value": 0.4},
            "space": "probability",
            "outcome": "0",
        }
    ],
    "explainer": "tree",
    "background": {"kind": "cases", "n": 3, "sha256": "ab" * 32},
    "additivity": {"error": 1e-15, "tolerance": 1e-6},
    "cases": 2000,
    "dictionary": 0,
    "seed": 0,
    "versions": {"shap": "0.51.0"},
}


def explained(version, values, *, spread=0.01):
    columns: list[Any] = [
        {"column": name, "value": v, "interval": [v - spread, v + spread], "rank": [1, 2]}
        for name, v in values.items()
    ]
    payload = {"columns": columns}
    return Evidence(version, Purpose.EXPLANATION, "s@1", (), AT, "val", payload=payload)


@pytest.mark.parametrize("view", list(View))
def test_every_view_of_a_number_is_drawn_titled_and_listed(view):
    figure: Any = effects.figure("debt", NUMBER, view=view, output=0, unit="log-odds")

    assert figure.layout.title.text == "The answer rises along debt, over a range of 0.500"
    assert "log-odds" in figure.layout.yaxis.title.text
    assert {trace.type for trace in figure.data} == {"scatter"}  # WebGL is not everywhere
    assert len(effects.rows(NUMBER, view=view, output=0)) == len(
        NUMBER["dots"]["x"] if view is View.DEPENDENCE else CURVE["x"]
    )
    assert effects.views(NUMBER) == list(View)


def test_a_category_has_no_accumulated_effect_and_names_its_ends():
    assert View.ACCUMULATED not in effects.views(CATEGORY)
    title = effects.message("home", CATEGORY, view=View.PARTIAL, output=0)
    assert title == "The answer differs by 0.300 between home own and rent"
    figure: Any = effects.figure("home", CATEGORY, view=View.PARTIAL, output=0, unit="probability")
    assert figure.data[0].error_y.array == pytest.approx((0.1, 0.1))


@pytest.mark.parametrize("view", [View.DEPENDENCE, View.PARTIAL])
def test_text_of_a_category_is_no_tag(view):
    text = "<b>own</b> & rent"
    dots, partial = ({**CATEGORY[part], "x": [text, None]} for part in ("dots", "partial"))
    column = CATEGORY | {"dots": dots, "partial": partial}

    figure: Any = effects.figure("home", column, view=view, output=0, unit="probability")

    assert list(figure.data[0].x) == ["&lt;b>own&lt;/b> &amp; rent", None]
    assert effects.rows(column, view=view, output=0)[0]["value"] == text


@pytest.mark.parametrize(
    ("mean", "way"),
    [
        ([1, 0.9, 0], "falls"),
        ([0, 1, 0], "rises and falls"),
        ([1, 1, 1], "stays the same"),
    ],
)
def test_the_title_follows_the_curve(mean, way):
    column = NUMBER | {"partial": NUMBER["partial"] | {"mean": [mean]}}

    assert way in effects.message("debt", column, view=View.PARTIAL, output=0)


def test_a_column_of_one_value_has_no_curve():
    column = NUMBER | {"partial": None, "accumulated": None}

    assert effects.views(column) == [View.DEPENDENCE]
    assert "one value only" in effects.message("debt", column, view=View.PARTIAL, output=0)


def test_columns_that_act_together_are_named_and_additive_ones_are_not():
    pair: dict[str, Any] = {"first": "a", "second": "b", "share": 0.2, "size": 0.3}
    pair |= {"interval": [0.2, 0.4]}

    assert "a and b act together: 20 % of" in effects.together({"interactions": [pair]})
    assert "side by side: at most 0.1 %" in effects.together(
        {"interactions": [pair | {"share": 0.001}]}
    )
    assert "Too few columns" in effects.together({"interactions": []})
    assert effects.interactions({"interactions": [pair]})[0]["columns"] == "a and b"


def test_a_waterfall_goes_from_the_start_to_the_answer_by_the_strongest_first():
    figure: Any = decisions.waterfall(DECISION)
    assert figure.layout.margin.r > 40, "the number beside the longest bar needs room"
    assert figure.layout.margin.t > 40

    trace = figure.data[0]
    assert trace.y == ("start", "debt = 0.800", "home = rent", "age = missing", "this answer")
    assert sum(trace.x[:-1]) == pytest.approx(trace.x[-1])
    assert "at or above the threshold of 0.300; debt = 0.800 moved it most, up by 0.500" in (
        figure.layout.title.text.replace("<br>", " ")
    )
    assert decisions.message(DECISION | {"decision": None}).startswith("log-odds -0.600; debt")
    assert decisions.rows(DECISION)[0]["value"] == "0.800"


def test_many_columns_of_a_decision_stand_together_at_the_end():
    names = [f"c{i}" for i in range(20)]
    content = DECISION | {"values": dict.fromkeys(names, 1.0), "shares": dict.fromkeys(names, 0.02)}

    figure: Any = decisions.waterfall(content)
    trace = figure.data[0]

    assert trace.y[-2] == "8 others"
    assert sum(trace.x[:-1]) == pytest.approx(-0.6)


def test_suggestions_and_similar_cases_are_said_with_their_scores():
    (said,) = decisions.suggestions(DECISION)

    assert said.startswith("debt 0.500 instead of 0.800: score 0.250; 75 % of the cases on record")
    assert decisions.similar(DECISION)[0]["answer"] == "probability of 1: 0.400"
    assert decisions.facts(DECISION)["words"].startswith("no dictionary")
    assert decisions.facts(DECISION | {"dictionary": 2})["words"] == "dictionary version 2"


def test_ways_to_numbers_and_classes_say_the_answer_they_lead_to():
    way = DECISION["suggestions"][0]
    number = way | {"answer": {"output": "value", "value": 21.5, "space": "target"}}
    kind = way | {"answer": {"output": "b", "value": 0.62, "space": "probability"}}
    other = DECISION | {"decision": None, "suggestions": [number, kind]}

    first, second = decisions.suggestions(other)

    assert "instead of 0.800: answer 21.5; 75 %" in first
    assert "instead of 0.800: probability of b 0.620; 75 %" in second


def test_two_versions_are_compared_by_shares_whose_errors_a_simulation_confirms():
    rng = np.random.default_rng(0)
    first = explained("m/1", {"a": 3.0, "b": 1.0}, spread=0.05)
    second = explained("m/2", {"a": 1.0, "b": 3.0}, spread=0.05)

    found = compared.rows(first, second)
    draws = rng.normal([3.0, 1.0], 0.05 / 1.96, (20_000, 2))
    spread = (draws[:, 0] / draws.sum(axis=1)).std()

    assert compared.shares(first)["a"] == pytest.approx((0.75, spread), rel=0.03)
    assert {row["column"]: row["difference"] for row in found} == pytest.approx(
        {"a": -0.5, "b": 0.5}
    )
    labels = ("Version 1", "Version 2")
    assert "Version 2 leans less on a than Version 1: 50 %" in compared.message(
        found, labels=labels
    )
    figure: Any = compared.figure(first, second, labels=labels)
    assert len(figure.data) == 2
    assert "leans on the same columns" in compared.message(
        compared.rows(first, first), labels=labels
    )
    assert compared.shares(explained("m/1", {"a": 0.0}, spread=0.0)) == {"a": (0.0, 0.0)}


def test_groups_of_rows_are_compared_and_small_ones_say_why_not():
    def cohort(group, a, b, n=100):
        columns = {
            name: {"value": v, "interval": [v - 0.1, v + 0.1], "mean": v}
            for name, v in (("a", a), ("b", b))
        }
        return {"group": group, "by": "sex", "n": n, "state": "ok", "columns": columns}

    small = {"group": "x", "by": "sex", "n": 3, "state": "insufficient", "reason": "too few"}
    same, apart = [cohort("F", 2, 1), cohort("M", 2, 1)], [cohort("F", 2, 1), cohort("M", 2, 1.5)]
    other = [cohort("F", 2, 1), cohort("M", 1, 2)]

    assert "The same columns drive every group" in compared.cohort_message(same)
    assert "differ most in b" in compared.cohort_message(apart)
    assert "a for F, b for M" in compared.cohort_message(other)
    assert "Too few rows" in compared.cohort_message([cohort("F", 2, 1), small])
    figure: Any = compared.cohorts([*same, small], unit="log-odds")
    assert len(figure.data) == 2
    assert compared.cohort_rows([small]) == [{"group": "x", "n": 3, "why not": "too few"}]


def test_columns_that_go_together_are_one_bar():
    kept = explained("m/1", {"a": 3.0, "b": 2.0, "c": 1.0})
    groups = [{"columns": ["a", "c"], "value": 1.5, "interval": [1.4, 1.6]}]

    shown = importance.grouped(kept, groups)

    assert [(d.column, d.value) for d in shown] == [("b", 2.0), ("a + c", 1.5)]
    assert importance.plain_rows(shown)[1]["upper"] == 1.6
    wide = [groups[0] | {"columns": ["a", "b", "c"]}]
    (driver,) = importance.grouped(kept, wide)
    assert (driver.column, driver.members) == ("a + 2 more", ("a", "b", "c"))
    assert importance.plain_rows([driver])[0]["column"] == "a, b, c"
    assert importance.rows(kept)[0]["rank"] == "1 to 2"
