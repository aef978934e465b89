"""Scored rows become the tallies that NumPy counts from the same rows."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lifecycle.engines import tallying
from lifecycle.engines.contract import MISSING_GROUP, OTHER_GROUP, Coding, Grouping
from lifecycle.engines.windows import Windowing, parse_width
from lifecycle.stats import counting
from lifecycle.stats.performance import scores as scored
from lifecycle.stats.summaries import merge

LABEL, DECISION = Coding("y", "yes"), Coding("p", "1")
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["no", "yes", None]),
        st.sampled_from([0, 1, None]),
        st.one_of(st.none(), st.floats(0, 1), st.sampled_from([0.0, 1.0, 0.5, -0.1, 1.5, np.nan])),
        st.sampled_from(["F", "M", None]),
    ),
    min_size=1,
    max_size=60,
)
with_files = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def scored_rows(source, rows):
    y, p, score, sex = zip(*rows, strict=True)
    return source(
        y=pa.array(y, pa.string()),
        p=pa.array(p, pa.int8()),
        s=pa.array(score, pa.float64()),
        sex=pa.array(sex, pa.string()),
    )


def by_numpy(rows, *, edges):
    label = [{"no": 0, "yes": 1, None: 2}[row[0]] for row in rows]
    decision = [2 if row[1] is None else row[1] for row in rows]
    score = [np.nan if row[2] is None else row[2] for row in rows]
    return counting.binary_tally(label, decision, score, edges=edges)


def same(first, second):
    assert np.array_equal(first.decisions, second.decisions)
    assert np.array_equal(first.scores, second.scores)
    assert np.array_equal(first.decided, second.decided)
    assert first.score_totals == second.score_totals
    assert first.square_totals == second.square_totals
    assert first.loss_totals == second.loss_totals
    assert (first.exact, first.invalid_scores) == (second.exact, second.invalid_scores)


@with_files
@given(rows=ROWS)
def test_a_binary_tally_is_numpys_overall_and_by_group(source, engine, rows):
    file = scored_rows(source, rows)

    found = list(
        engine.binary(
            file,
            label=LABEL,
            decision=DECISION,
            score="s",
            groupings=[Grouping(), Grouping(("sex",))],
        )
    )

    same(found[0].tally, by_numpy(rows, edges=found[0].tally.edges))
    for part in found[1:]:
        here = [r for r in rows if (r[3] or MISSING_GROUP) == part.slice["sex"]]
        same(part.tally, by_numpy(here, edges=part.tally.edges))
    assert merge([part.tally for part in found[1:]]).rows == len(rows)


CROSSED = st.lists(
    st.tuples(
        st.sampled_from(["no", "yes", None]),
        st.sampled_from([0, 1, None]),
        st.one_of(st.none(), st.floats(0, 1), st.sampled_from([0.0, 0.25, 1.0, -0.1, np.nan])),
        st.sampled_from(["F", "M", None]),
        st.sampled_from(["a", "b", "c", None]),
    ),
    min_size=1,
    max_size=60,
)


@with_files
@given(rows=CROSSED, grid=st.sampled_from([4, 64]))
def test_groups_of_several_columns_tally_like_numpy_from_one_sort(source, engine, rows, grid):
    y, p, score, sex, race = zip(*rows, strict=True)
    file = source(
        y=pa.array(y, pa.string()),
        p=pa.array(p, pa.int8()),
        s=pa.array(score, pa.float64()),
        sex=pa.array(sex, pa.string()),
        race=pa.array(race, pa.string()),
    )
    groupings = [Grouping(), Grouping(("race",)), Grouping(("sex", "race"))]
    limit, tallying.DISTINCT_SCORES = tallying.DISTINCT_SCORES, -1
    try:
        found = list(
            engine.binary(
                file, label=LABEL, decision=DECISION, score="s", groupings=groupings, grid=grid
            )
        )
    finally:
        tallying.DISTINCT_SCORES = limit

    held = {(r[3], r[4]) for r in rows}
    assert len(found) == 1 + len({race for _, race in held}) + len(held)
    for part in found:
        wanted = [part.slice.get(name) for name in ("sex", "race")]
        here = [
            r
            for r in rows
            if all(w in (None, v or MISSING_GROUP) for w, v in zip(wanted, r[3:], strict=True))
        ]
        same(part.tally, by_numpy(here, edges=part.tally.edges))


@with_files
@given(rows=ROWS)
def test_a_score_grid_counts_like_numpy_on_the_same_edges(source, engine, rows):
    file = scored_rows(source, rows)
    limit, tallying.DISTINCT_SCORES = tallying.DISTINCT_SCORES, -1
    try:
        (found,) = engine.binary(
            file, label=LABEL, decision=DECISION, score="s", groupings=[Grouping()]
        )
    finally:
        tallying.DISTINCT_SCORES = limit

    same(found.tally, by_numpy(rows, edges=found.tally.edges))
    assert set(np.arange(1, 10) / 10) <= set(found.tally.edges)


@pytest.mark.parametrize("repeated", [True, False])
def test_the_first_rows_do_not_decide_whether_every_score_has_a_bin(
    source, engine, monkeypatch, repeated
):
    first, last = [0.5] * 20, [0.1, 0.2] if repeated else [0.1, 0.2, 0.3, 0.4]
    rows = [("yes", 1, score, "F") for score in (*first, *last)]
    file = scored_rows(source, rows)
    monkeypatch.setattr(tallying, "DISTINCT_SCORES", 3)
    monkeypatch.setattr(tallying, "FIRST_ROWS", 6)

    (found,) = engine.binary(
        file, label=LABEL, decision=DECISION, score="s", groupings=[Grouping()]
    )

    same(found.tally, by_numpy(rows, edges=found.tally.edges))
    assert (len(found.tally.edges) == 3) is repeated


@pytest.mark.parametrize("positive", ["1", "-1", "01", "1.0", "yes"])
def test_a_whole_number_is_positive_where_it_is_written_like_the_label(source, engine, positive):
    values = [1, -1, 0, None, 1]
    file = source(y=pa.array(values, pa.int64()))

    (found,) = engine.binary(
        file, label=Coding("y", positive), decision=None, score=None, groupings=[Grouping()]
    )

    hits = [value is not None and str(value) == positive for value in values]
    assert found.tally.decisions.sum(axis=1).tolist() == [4 - sum(hits), sum(hits), 1]


def test_values_are_listed_under_their_text_whatever_the_column_is_called(source, engine):
    numbers = [1.0, -0.0, 0.0, np.nan, None, 2.5]
    file = source(v=numbers, n=[3, 3, 3, 1, 1, None], held=["b", "a", "b", None, "a", "b"])

    assert engine.values(file, "v", limit=5) == [("0", 2), ("1", 1), ("2.5", 1)]
    assert engine.values(file, "n", limit=5) == [("3", 3), ("1", 2)]
    assert engine.values(file, "held", limit=1) == [("b", 3)]


@with_files
@given(rows=ROWS, few=st.booleans())
def test_given_edges_tally_like_numpy_however_many_scores_there_are(source, engine, rows, few):
    file = scored_rows(source, rows)
    edges = np.array([0.0, 0.5, 1.0]) if few else np.array([0.1, 0.25, 0.7])

    found = engine.binary(
        file,
        label=LABEL,
        decision=DECISION,
        score="s",
        groupings=[Grouping(), Grouping(("sex",))],
        levels={"sex": ["F"]},
        edges=edges,
    )

    groups = {"F": "F", None: MISSING_GROUP, "M": OTHER_GROUP}
    for part in found:
        here = [r for r in rows if part.slice.get("sex", groups[r[3]]) == groups[r[3]]]
        same(part.tally, by_numpy(here, edges=edges))


def test_a_grid_of_scores_ranks_within_its_resolution(source, engine):
    rng = np.random.default_rng(2)
    y = rng.integers(0, 2, 150_000)
    score = 1 / (1 + np.exp(-(rng.normal(size=150_000) + y)))
    file = source(y=y, s=score)

    (found,) = engine.binary(
        file, label=Coding("y", "1"), decision=None, score="s", groupings=[Grouping()]
    )

    exact = counting.binary_tally(y, np.full(len(y), 2), score, edges=np.unique(score))
    assert not found.tally.exact
    binned, true = scored.roc_auc(found.tally), scored.roc_auc(exact)
    assert binned.value == pytest.approx(true.value, abs=2e-5)


def test_windows_and_intersections_cut_together(source, engine):
    at = np.datetime64("2024-01-01", "us") + np.arange(8).astype("timedelta64[D]")
    file = source(at=at, y=["yes"] * 8, p=[1] * 8, sex=["F", "M"] * 4, race=["a"] * 4 + [None] * 4)
    windowing = Windowing("at", parse_width("4d"))

    found = list(
        engine.binary(
            file,
            label=LABEL,
            decision=DECISION,
            score=None,
            groupings=[Grouping(("sex", "race"), windowing)],
        )
    )

    assert {tuple(part.slice.values()) for part in found} == {
        (sex, race) for sex in ("F", "M") for race in ("a", MISSING_GROUP)
    }
    assert sum(part.tally.rows for part in found) == 8
    assert all(part.window is not None for part in found)


def test_a_class_tally_is_numpys(source, engine):
    names = ("a", "b", "c")
    y, p = ["a", "b", "c", "b", None, "a"], ["a", "c", "c", "b", "a", None]
    file = source(y=y, p=p)

    (found,) = engine.classes(file, label="y", decision="p", classes=names, groupings=[Grouping()])

    def codes(column):
        return [-1 if v is None else names.index(v) for v in column]

    expected = counting.class_tally(codes(y), codes(p), classes=names)
    assert np.array_equal(found.tally.confusion, expected.confusion)
    assert (found.tally.unlabelled, found.tally.rows) == (expected.unlabelled, 6)


@with_files
@given(
    rows=st.lists(
        st.tuples(*[st.one_of(st.none(), st.floats(-100, 100), st.just(np.inf))] * 2),
        min_size=1,
        max_size=40,
    )
)
def test_an_error_tally_is_numpys(source, engine, rows):
    y, p = (pa.array(column, pa.float64()) for column in zip(*rows, strict=True))

    (found,) = engine.errors(source(y=y, p=p), label="y", prediction="p", groupings=[Grouping()])

    expected = counting.error_tally(
        *[np.array(c, dtype=float) for c in (y.to_pylist(), p.to_pylist())]
    )
    assert found.tally.totals == expected.totals
    for name in ("n", "zeros", "unlabelled", "invalid"):
        assert getattr(found.tally, name) == getattr(expected, name)


def test_class_scores_come_with_their_labels_and_bad_rows_are_counted(source, engine):
    file = source(y=["a", "b", None, "a"], sa=[0.9, 0.2, 0.5, None], sb=[0.1, 0.8, 0.5, 0.5])

    (found,) = engine.class_scores(
        file, label="y", scores={"a": "sa", "b": "sb"}, groupings=[Grouping()]
    )

    assert found.labels.tolist() == [0, 1]
    assert found.scores.tolist() == [[0.9, 0.1], [0.2, 0.8]]
    assert found.left_out == 2


@pytest.mark.parametrize("kind", [pa.string(), pa.int64(), pa.float64()])
def test_a_value_that_is_neither_positive_nor_negative_is_not_known(source, engine, kind):
    values = [1, 0, 2, None, 1, 7]
    texts = [None if v is None else str(v) for v in values]
    file = source(y=pa.array(texts if kind == pa.string() else values, kind))

    def tallied(negatives):
        label = Coding("y", "1", negatives)
        (found,) = engine.binary(
            file, label=label, decision=None, score=None, groupings=[Grouping()]
        )
        return found.tally.decisions[:, 2].tolist()

    assert tallied(None) == [3, 2, 1]
    assert tallied(("0", "no")) == [1, 2, 3]
    assert tallied(("0", "7")) == [2, 2, 2]
    assert tallied(()) == [0, 2, 4]
