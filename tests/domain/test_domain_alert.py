import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.domain.alert import (
    AlertRule,
    Cause,
    Grouping,
    Level,
    Severity,
    beginning,
    clear_level,
    firing,
    level_of,
    openings,
    rule_of,
    silence,
)
from lifecycle.domain.measurement import State
from lifecycle.errors import InvalidInput

LETTERS = {
    "-": Level.UNJUDGED,
    "c": Level.CLEAR,
    "h": Level.HELD,
    "w": Level.WARNING,
    "B": Level.BREACH,
}
QUIET, WARNING, CRITICAL = 0, Severity.WARNING, Severity.CRITICAL
levels = st.lists(st.sampled_from(Level), max_size=30)
persistence = st.integers(1, 5).flatmap(lambda m: st.tuples(st.integers(1, m), st.just(m)))


def told(text: str, *, k: int, m: int) -> str:
    """Write what fires after each window: a dot, a w or a C."""
    marks = {None: ".", WARNING: "w", CRITICAL: "C"}
    return "".join(marks[s] for s in firing([LETTERS[c] for c in text], k=k, m=m))


def grave(after) -> list[int]:
    return [QUIET if severity is None else severity for severity in after]


@pytest.mark.parametrize(
    ("windows", "after", "why"),
    [
        ("cBc", "...", "one window of two asked for is not enough"),
        ("cBB", "..C", "two in a row are"),
        ("BcB", "..C", "two of three are, with a clear one between"),
        ("BccB", "....", "the first is forgotten by then"),
        ("BBh", ".CC", "between the levels it goes on"),
        ("BBhhhh", ".CCCCC", "for as long as that lasts"),
        ("BBc", ".CC", "one clear window leaves two of three beyond"),
        ("BBcc", ".CC.", "the second ends it"),
        ("BBhc", ".CC.", "one clear window ends what the limit no longer holds"),
        ("hhhh", "....", "and between the levels nothing begins"),
        ("B-B", "..C", "a window nobody could judge is passed over"),
        ("BB---", ".CCCC", "and ends nothing"),
        ("ww", ".w", "what chance may give warns"),
        ("wB", ".w", "and so does half of each"),
        ("wBBw", ".wCC", "a firing series does not become milder"),
        ("", "", "nothing measured, nothing said"),
    ],
)
def test_a_series_fires_at_two_of_three_and_ends_behind_the_clear_level(windows, after, why):
    assert told(windows, k=2, m=3) == after, why


@given(levels)
def test_one_of_one_without_a_clear_level_is_the_state_of_the_newest_judged_window(found):
    found = [level for level in found if level not in {Level.HELD, Level.UNJUDGED}]
    expected = {Level.CLEAR: None, Level.WARNING: WARNING, Level.BREACH: CRITICAL}
    after = firing(found, k=1, m=1)

    for (_, now), (before, level) in zip(
        pairwise([None, *after]), pairwise([Level.CLEAR, *found]), strict=True
    ):
        milder = level is Level.WARNING and before >= Level.WARNING
        assert milder or now is expected[level]


@given(levels, persistence)
def test_windows_nobody_could_judge_change_nothing(found, persisted):
    k, m = persisted
    judged = [i for i, level in enumerate(found) if level is not Level.UNJUDGED]
    after = firing(found, k=k, m=m)

    assert [after[i] for i in judged] == firing([found[i] for i in judged], k=k, m=m)


@given(levels, persistence, st.data())
def test_worse_windows_never_fire_less(found, persisted, data):
    k, m = persisted
    worse = [
        level
        if level is Level.UNJUDGED
        else data.draw(st.sampled_from([other for other in Level if other >= level]))
        for level in found
    ]

    better, worst = (grave(firing(one, k=k, m=m)) for one in (found, worse))

    assert all(a <= b for a, b in zip(better, worst, strict=True))


@given(levels, persistence)
def test_asking_for_more_windows_never_fires_more(found, persisted):
    k, m = persisted
    more = grave(firing(found, k=min(k + 1, m), m=m))

    assert all(a <= b for a, b in zip(more, grave(firing(found, k=k, m=m)), strict=True))


@given(levels, persistence)
def test_what_fires_becomes_milder_only_by_ending(found, persisted):
    k, m = persisted

    assert all(
        now is None or before is None or now >= before
        for before, now in pairwise([None, *firing(found, k=k, m=m)])
    )


@given(levels, persistence)
def test_a_series_opens_once_for_every_time_it_was_quiet(found, persisted):
    k, m = persisted
    after = firing(found, k=k, m=m)
    text = "".join("." if now is None else "x" for now in after)

    assert len(openings(after)) == len([part for part in text.split(".") if part])
    assert all(after[i] is not None and (i == 0 or after[i - 1] is None) for i in openings(after))


@given(levels, persistence, st.sampled_from(Severity))
def test_what_fired_before_goes_on_until_a_clear_window(found, persisted, before):
    k, m = persisted
    after = firing(found, k=k, m=m, held=before)
    until = next((i for i, level in enumerate(found) if level is Level.CLEAR), len(found))

    assert all(now is not None and now >= before for now in after[:until])


@given(levels, persistence)
def test_what_opens_began_with_the_windows_beyond_the_limit_without_a_break(found, persisted):
    k, m = persisted
    for at in openings(firing(found, k=k, m=m)):
        first = beginning(found, at)

        run = [level for level in found[first : at + 1] if level is not Level.UNJUDGED]
        before = [level for level in found[:first] if level is not Level.UNJUDGED]
        assert found[first] >= Level.WARNING
        assert min(run) >= Level.WARNING
        assert not before or before[-1] < Level.WARNING


@pytest.mark.parametrize(("k", "m"), [(0, 3), (4, 3), (-1, 1)])
def test_more_windows_than_there_are_cannot_be_asked_for(k, m):
    with pytest.raises(InvalidInput, match=f"not {k} of {m}"):
        firing([Level.CLEAR], k=k, m=m)


def test_the_clear_level_lies_a_share_of_the_way_to_the_best_value():
    assert clear_level(0.1, best=0.0, margin=0.1) == pytest.approx(0.09)
    assert clear_level(0.8, best=1.0, margin=0.1) == pytest.approx(0.82)
    assert clear_level(0.97, best=1.0, margin=0.5) == pytest.approx(0.985)
    assert clear_level(12.0, best=None, margin=0.1) is None


@pytest.mark.parametrize(
    ("state", "value", "clear", "level"),
    [
        (State.BREACH, 0.2, 0.09, Level.BREACH),
        (State.WARNING, 0.2, 0.09, Level.WARNING),
        (State.OK, 0.095, 0.09, Level.HELD),
        (State.OK, 0.09, 0.09, Level.CLEAR),
        (State.OK, 0.05, None, Level.CLEAR),
        (State.OK, 0.15, 0.2, Level.HELD),
        (State.OK, 0.25, 0.2, Level.CLEAR),
        (State.OK, None, 0.09, Level.CLEAR),
        (State.INSUFFICIENT, None, 0.09, Level.UNJUDGED),
        (State.ERROR, None, 0.09, Level.UNJUDGED),
        (State.NOT_APPLICABLE, 0.5, 0.09, Level.UNJUDGED),
    ],
)
def test_a_window_puts_its_series_at_a_level(state, value, clear, level):
    assert level_of(state, value, limit=0.1, clear=clear) is level


def test_what_chance_may_give_counts_only_where_asked_for():
    assert level_of(State.WARNING, 0.2, limit=0.1, on_warning=False) is Level.HELD


@given(st.lists(st.booleans()))
def test_silence_counts_the_newest_windows_without_rows(present):
    trailing = "".join("x" if had else "." for had in present)

    assert silence(present) == len(trailing) - len(trailing.rstrip("."))


def test_people_are_called_for_consequences_and_not_for_drift():
    rule = AlertRule()

    assert rule.severity(Cause.PERFORMANCE, CRITICAL) is CRITICAL
    assert rule.severity(Cause.DRIFT, CRITICAL) is WARNING
    assert rule.severity(Cause.PERFORMANCE, WARNING) is WARNING
    assert AlertRule(gravest={}).severity(Cause.SERVICE, CRITICAL) is CRITICAL


def test_a_rule_reads_back_what_it_writes_as_json():
    rule = AlertRule(
        k=3,
        m=5,
        clear={"psi": 0.05},
        gravest={**AlertRule().gravest, Cause.DRIFT: CRITICAL},
        grouping=Grouping.SERIES,
        channels=("mail",),
        escalate_to=("pager",),
    )

    assert rule_of(json.loads(json.dumps(rule.settings()))) == rule
    assert rule_of({}) == AlertRule()


def test_what_a_rule_does_not_name_keeps_its_default():
    rule = rule_of({"gravest": {"drift": "critical"}, "acknowledge_hours": {"critical": 1}})

    assert rule.severity(Cause.DRIFT, CRITICAL) is CRITICAL
    assert rule.severity(Cause.FAIRNESS, CRITICAL) is CRITICAL
    assert rule.acknowledge_hours == {CRITICAL: 1.0, WARNING: 72.0}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"colour": "red"}, "no setting 'colour'"),
        ({"k": 4, "m": 3}, "4 of 3"),
        ({"k": "two"}, "cannot be read"),
        ({"margin": 1.0}, "below 1"),
        ({"silence": -1}, "cannot be -1"),
        ({"renotify_hours": float("nan")}, "finite"),
        ({"gravest": {"drift": "loud"}}, "warning or critical"),
        ({"gravest": {"weather": "warning"}}, "cannot be read"),
        ({"grouping": "colour"}, "cannot be read"),
        ({"clear": {"psi": "low"}}, "cannot be read"),
        ({"acknowledge_hours": [1]}, "cannot be read"),
    ],
)
def test_a_rule_that_cannot_be_used_is_refused_in_a_sentence(settings, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        rule_of(settings)
