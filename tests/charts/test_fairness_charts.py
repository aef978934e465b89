"""Pairs of groups, curves over thresholds and the frontier, as Plotly gets them."""

from typing import Any

import numpy as np
import pytest

from lifecycle.charts import crossed, thresholds
from lifecycle.domain.measurement import Measurement, State
from lifecycle.services.analysis.fairness import sweeping
from lifecycle.stats import counting


def cell(sex, race, value, *, n: int | None = 200, state=State.OK):
    slice_ = {"sex": sex, "race": race}
    reason = None if value is not None else "not shown: fewer than 5 rows"
    return Measurement("selection_rate", value, state, slice=slice_, n=n, reason=reason)


CELLS = [
    cell("F", "a", 0.2),
    cell("F", "b", 0.4),
    cell("M", "a", 0.6),
    cell("M", "b", None, n=None, state=State.INSUFFICIENT),
]


def test_each_pair_of_groups_is_a_cell_and_what_is_hidden_says_so():
    figure: Any = crossed.heatmap(CELLS, attributes=("sex", "race"), title="t", name="Selection")

    assert [list(row) for row in figure.data[0].z] == [[0.2, 0.4], [0.6, None]]
    words = {(a.y, a.x): a.text for a in figure.layout.annotations}
    assert words["M", "b"] == "not shown"
    assert words["F", "a"].startswith("0.2")
    assert "fewer than 5 rows" in figure.data[0].text[1][1]
    few = crossed.heatmap(
        [cell("F", "<b>", 0.2, n=9, state=State.INSUFFICIENT)],
        attributes=("sex", "race"), title="t", name="n",
    )  # fmt: skip
    drawn: Any = few
    assert "(few)" in drawn.layout.annotations[0].text
    assert drawn.data[0].x[0] == "&lt;b>"


def test_the_message_of_pairs_names_the_ends_and_counts_what_is_left_out():
    said = crossed.message(CELLS, name="Selection rate")

    assert "lowest 0.200 for sex F, race a" in said
    assert "highest 0.600 for sex M, race a" in said
    assert "1 cell too small to judge or not shown" in said
    assert "no pair of groups" in crossed.message(CELLS[3:], name="Selection rate")


@pytest.fixture(scope="module")
def swept() -> Any:
    rng = np.random.default_rng(1)
    edges = np.arange(1, 20) / 20
    groups = {}
    for name, shift in (("F", 0.0), ("M", 0.2)):
        score = np.clip(rng.random(500) + shift, 0, 1)
        y = (rng.random(500) < score).astype(int)
        groups[name] = counting.binary_tally(y, np.full(500, 2), score, edges=edges)
    return sweeping.swept(groups, costs=None)


@pytest.mark.parametrize("curve", thresholds.CURVES)
def test_a_curve_per_group_over_the_threshold_in_use(swept, curve):
    figure: Any = thresholds.curves(swept, curve=curve, title="t", now=0.5)
    rows = thresholds.curve_rows(swept, curve=curve)

    assert [trace.name for trace in figure.data] == ["F (n 500)", "M (n 500)"]
    assert list(figure.data[0].x) == swept["thresholds"]
    assert [row["F"] for row in rows] == list(figure.data[0].y)
    assert "in use 0.5" in figure.layout.annotations[-1].text
    assert "for F to" in thresholds.message(swept, curve="selection_rate", now=0.5)
    assert "best common threshold" in thresholds.message(swept, curve=curve, now=None)


def test_points_to_choose_from_say_which_are_legally_sensitive(swept):
    rows = thresholds.point_rows(swept)

    assert rows[0]["legally sensitive"] == "no"
    assert "yes" in {row["legally sensitive"] for row in rows}
    assert all("F " in str(row["thresholds"]) for row in rows)


def test_groups_without_scores_say_why_there_is_no_curve():
    nothing = counting.binary_tally([2], [0], [0.5], edges=np.array([0.5]))

    assert "no row with both" in str(sweeping.swept({"F": nothing}, costs=None)["reason"])


def test_the_frontier_draws_every_method_with_the_intervals_of_both():
    def way(accuracy, gap):
        return (
            Measurement(
                "accuracy", accuracy, State.OK, interval=(accuracy - 0.01, accuracy + 0.01)
            ),
            Measurement("demographic_parity_difference", gap, State.OK, interval=(0.0, gap + 0.02)),
        )

    measured = {"as decided": way(0.9, 0.2), "strict": way(0.85, 0.01)}
    points = [
        {"name": "as decided", "method": "none"},
        {"name": "strict", "method": "ThresholdOptimizer"},
    ]

    figure: Any = thresholds.frontier(points, measured, title="t", gap="Gap")

    assert [trace.name for trace in figure.data] == ["no mitigation", "ThresholdOptimizer"]
    assert figure.data[1].error_x.array[0] == pytest.approx(0.02)
    said = thresholds.frontier_message(measured)
    assert said.startswith("“strict” leaves a gap of 0.01")
    assert "as decided" in said
    assert "both the most accurate" in thresholds.frontier_message({"as decided": way(0.9, 0.2)})
    assert "No way" in thresholds.frontier_message({})
