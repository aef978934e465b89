from dataclasses import replace
from datetime import timedelta

import pytest

from lifecycle.domain.measurement import Measurement, State, Window
from lifecycle.services.measuring.watch import once_known
from lifecycle.store import health, measurements, portfolio

OK, WARNING, BREACH, THIN = State.OK, State.WARNING, State.BREACH, State.INSUFFICIENT


@pytest.fixture
def week(at):
    start = at.replace(hour=0, minute=0, microsecond=0)
    return lambda i: Window(start + timedelta(7 * i), start + timedelta(7 * i + 7))


@pytest.fixture
def measured(week):
    def make(number, state=OK, *, column="a", statistic="ks", limit: float | None = 0.1, **more):
        return Measurement(
            statistic, 0.05, state, column=column, window=week(number), limit=limit, **more
        )

    return make


@pytest.fixture
def waiting(measured):
    """Make a week's recall whose outcomes nobody knows yet."""
    return lambda number: once_known(measured(number, statistic="recall"), share=0.0, wanted=0.9)


@pytest.fixture
def state_of(workspace):
    def put(*given):
        with workspace.transaction() as tx:
            measurements.replace(tx, "credit/1", given, windows=None)
        return health.states(workspace.cursor(), version_id="credit/1").get("credit/1")

    return put


def test_a_version_is_as_bad_as_the_newest_judgement_of_each_series(state_of, measured, waiting):
    assert state_of() is None
    assert state_of(measured(0, BREACH), measured(1)) is OK
    assert state_of(measured(0), measured(1, BREACH)) is BREACH
    late = (measured(0, BREACH, statistic="recall"), waiting(1), measured(1, WARNING))
    assert state_of(*late) is BREACH
    assert state_of(*late[1:]) is WARNING
    assert state_of(late[1]) is THIN
    assert state_of(measured(0, BREACH, limit=None)) is THIN


def test_a_column_in_breach_stays_so_while_it_has_too_few_rows_and_another_is_judged(
    state_of, measured
):
    given = [measured(0), measured(0, BREACH, column="b")]
    given += [m for i in range(1, 30) for m in (measured(i), measured(i, THIN, column="b"))]

    assert state_of(*given) is BREACH


@pytest.mark.parametrize("was", [OK, WARNING])
def test_what_was_fine_stands_for_three_windows_and_then_is_too_little(state_of, measured, was):
    three = [measured(0, was), *(measured(i, THIN) for i in (1, 2, 3))]

    assert state_of(*three) is was
    assert state_of(*three, measured(4, THIN)) is THIN


def test_windows_in_which_a_column_was_not_even_measured_make_what_it_was_old(state_of, measured):
    volume = [measured(i, THIN, column=None, statistic="volume_change") for i in range(1, 5)]

    assert state_of(measured(0), *volume[:3]) is OK
    assert state_of(measured(0), *volume) is THIN


def test_outcomes_may_be_a_year_late_and_then_what_they_showed_is_old(state_of, measured, waiting):
    def after(weeks):
        late = [m for i in range(1, weeks + 1) for m in (waiting(i), measured(i))]
        return state_of(measured(0, statistic="recall"), *late)

    assert after(20) is OK
    assert after(52 + 3) is OK
    assert after(52 + 4) is THIN


def test_a_group_that_is_too_small_or_gone_says_nothing_of_its_model(state_of, measured):
    group = {"slice": {"sex": "X"}}
    rare = [m for i in range(30) for m in (measured(i), measured(i, THIN, **group))]
    assert state_of(*rare) is OK
    assert state_of(measured(0, BREACH, **group), *rare[2:]) is OK
    assert state_of(*rare, measured(27, BREACH, **group)) is BREACH
    assert state_of(measured(0, BREACH, **group), measured(5, THIN, **group)) is BREACH


def test_a_statistic_that_stopped_to_apply_keeps_what_it_said(state_of, measured):
    later = [measured(i, State.NOT_APPLICABLE, limit=None) for i in range(1, 9)]

    assert state_of(measured(0), *later) is OK


def test_what_is_told_to_be_in_breach_is_what_stands_in_breach(workspace, state_of, measured):
    group = {"slice": {"sex": "X"}}
    given = [measured(0, BREACH), measured(0, BREACH, column="b"), measured(1, column="b")]
    given += [measured(0, BREACH, **group), *(measured(i, THIN) for i in range(1, 6))]
    assert state_of(*given) is BREACH

    assert portfolio.breaching(workspace.cursor()) == {"credit/1": 1}
    (found,) = portfolio.breaches(workspace.cursor())

    assert (found.version_id, found.measurement.column) == ("credit/1", "a")
    assert found.measurement.window == given[0].window


def test_the_newest_and_worst_breaches_come_first_and_all_are_counted(
    workspace, state_of, measured
):
    old, near, far = (
        measured(i, BREACH, column=name) for i, name in ((0, "a"), (1, "b"), (1, "c"))
    )
    given = [replace(old, value=5.0), replace(near, value=0.3), replace(far, value=0.9)]
    assert state_of(*given) is BREACH

    found = portfolio.breaches(workspace.cursor(), limit=2)

    assert [one.measurement.column for one in found] == ["c", "b"]
    assert portfolio.breaching(workspace.cursor()) == {"credit/1": 3}
