from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.domain.incident import Containment, Incident, IncidentState
from lifecycle.domain.incident_clock import TARGETS, Duty, Gravity
from lifecycle.errors import Conflict, FourEyesViolation, InvalidInput, LifecycleError

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
DUTY = Duty("d", "EU AI Act", "Art. 73(2)", "Serious", 15, date(2027, 12, 2), "the regulation")
HOUR = timedelta(hours=1)
PEOPLE = ("ana", "ben", "eve")


def an_incident(**changes) -> Incident:
    made = Incident(
        id="incident-1",
        title="Wrong refusals",
        description="",
        gravity=Gravity.MAJOR,
        versions=("credit/3",),
        opened_at=NOW,
        opened_by="ana",
        detected_at=NOW,
    )
    return replace(made, **changes)


def contained(incident: Incident, *, by="ana", at=NOW) -> Incident:
    return incident.contain(Containment.ROLLBACK, by=by, at=at, reason="back to 2")[0]


def resolved(*, by="ana", at=NOW) -> Incident:
    return contained(an_incident(), by=by, at=at).resolve("a unit changed", by=by, at=at)[0]


def ready(*, by="ana") -> Incident:
    planned, _ = resolved(by=by).plan("check units", owner="ben", due=NOW.date(), by=by, at=NOW)
    return planned.carry_out(1, by="ben", at=NOW)[0]


def test_an_incident_goes_from_open_to_closed_with_a_record_of_each_step():
    incident, events = an_incident(), []
    for step in (
        lambda i: i.acknowledge(by="ana", at=NOW),
        lambda i: i.contain(Containment.SUSPENSION, by="ana", at=NOW + HOUR, reason="stopped"),
        lambda i: i.resolve("a unit changed", by="ana", at=NOW + 2 * HOUR),
        lambda i: i.plan("check units", owner="ben", due=date(2026, 12, 1), by="ana", at=NOW),
        lambda i: i.carry_out(1, by="ben", at=NOW + 3 * HOUR),
        lambda i: i.close(by="eve", at=NOW + 4 * HOUR, reason="seen the tests"),
    ):
        incident, event = step(incident)
        events.append(event.action)

    assert incident.state is IncidentState.CLOSED
    assert (incident.owner, incident.closed_by) == ("ana", "eve")
    assert events == [
        *("incident.acknowledge", "incident.contain", "incident.resolve", "incident.action"),
        *("incident.action_done", "incident.close"),
    ]
    assert incident.opened().details["versions"] == ["credit/3"]


def test_whoever_owns_or_resolved_it_cannot_close_it():
    for by in ("ana", "ben"):
        incident = replace(ready(by="ana"), owner="ben")
        with pytest.raises(FourEyesViolation, match="a second person"):
            incident.close(by=by, at=NOW, reason="fine")
    assert ready().close(by="eve", at=NOW, reason="fine")[0].closed_by == "eve"


STEPS = {
    "acknowledge": lambda i, by: i.acknowledge(by=by, at=NOW),
    "contain": lambda i, by: i.contain(Containment.OTHER, by=by, at=NOW, reason="r"),
    "resolve": lambda i, by: i.resolve("cause", by=by, at=NOW),
    "close": lambda i, by: i.close(by=by, at=NOW, reason="r"),
    "reopen": lambda i, by: i.reopen(by=by, at=NOW, reason="r"),
    "plan": lambda i, by: i.plan("do", owner=by, due=NOW.date(), by=by, at=NOW),
    "carry_out": lambda i, by: i.carry_out(1, by=by, at=NOW),
    "classify": lambda i, by: i.classify(DUTY, aware_at=NOW, by=by, at=NOW, reason="r"),
    "reported": lambda i, by: i.reported("authority", by=by, at=NOW),
}


@given(st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.sampled_from(PEOPLE)), max_size=25))
def test_no_walk_of_steps_closes_it_alone_unexplained_or_with_work_left(walk):
    incident = an_incident()
    for name, by in walk:
        before = incident
        try:
            incident, event = STEPS[name](incident, by)
        except LifecycleError:
            continue
        assert (event.by, event.subject) == (by, "incident:incident-1")
        if incident.state is IncidentState.CLOSED and before.state is not IncidentState.CLOSED:
            assert name == "close"
            assert by not in {before.owner, before.resolved_by}
            assert incident.root_cause
            assert all(action.done_at for action in incident.actions)
            assert incident.actions
            assert incident.duty is None or incident.report


@pytest.mark.parametrize(
    ("incident", "lacks"),
    [
        (resolved(), "no corrective action"),
        (resolved().plan("x", owner="ben", due=NOW.date(), by="ana", at=NOW)[0], "action 1 of ben"),
        (
            ready().classify(DUTY, aware_at=NOW, by="ana", at=NOW, reason="harm")[0],
            "where it was reported",
        ),
    ],
)
def test_what_must_still_be_done_keeps_it_from_being_closed(incident, lacks):
    with pytest.raises(Conflict, match=lacks):
        incident.close(by="eve", at=NOW, reason="fine")


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda: an_incident().resolve("x", by="a", at=NOW), Conflict, "what is contained"),
        (lambda: an_incident().close(by="a", at=NOW, reason="x"), Conflict, "what is resolved"),
        (lambda: an_incident().reopen(by="a", at=NOW, reason="x"), Conflict, "is open"),
        (lambda: contained(contained(an_incident())), Conflict, "contained already"),
        (
            lambda: an_incident().contain(Containment.OTHER, by="a", at=NOW, reason=" "),
            InvalidInput,
            "what was done",
        ),
        (lambda: contained(an_incident()).resolve("", by="a", at=NOW), InvalidInput, "root cause"),
        (lambda: ready().close(by="eve", at=NOW, reason=""), InvalidInput, "convinced you"),
        (lambda: ready().reopen(by="eve", at=NOW, reason=""), InvalidInput, "give a reason"),
        (lambda: an_incident().note(" ", by="a", at=NOW), InvalidInput, "needs a text"),
        (
            lambda: an_incident().classify(DUTY, aware_at=NOW + HOUR, by="a", at=NOW, reason="x"),
            InvalidInput,
            "time to come",
        ),
        (
            lambda: an_incident().classify(DUTY, aware_at=NOW, by="a", at=NOW, reason=""),
            InvalidInput,
            "give a reason",
        ),
        (lambda: an_incident().reported("x", by="a", at=NOW), Conflict, "not classified"),
        (
            lambda: an_incident(duty="d").reported("", by="a", at=NOW),
            InvalidInput,
            "where incident-1 was reported",
        ),
        (
            lambda: an_incident().plan("x", owner="", due=NOW.date(), by="a", at=NOW),
            InvalidInput,
            "needs an owner",
        ),
        (lambda: an_incident().carry_out(3, by="a", at=NOW), InvalidInput, "no action 3"),
        (lambda: ready().carry_out(1, by="a", at=NOW), Conflict, "done already"),
        (
            lambda: an_incident(state=IncidentState.CLOSED).acknowledge(by="a", at=NOW),
            Conflict,
            "reopen it first",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(call, error, sentence):
    with pytest.raises(error, match=sentence):
        call()


def test_reopening_begins_anew_and_keeps_what_was_learned():
    closed, _ = ready().close(by="eve", at=NOW, reason="fine")
    again, event = closed.reopen(by="ben", at=NOW, reason="it happened again")

    assert (again.state, again.contained_at, again.closed_by) == (IncidentState.OPEN, None, "")
    assert again.root_cause == "a unit changed"
    assert event.details["before"] == IncidentState.CLOSED


def test_the_clocks_run_from_when_it_was_seen_against_the_targets_of_its_gravity():
    incident = an_incident(began_at=NOW - 5 * HOUR)
    incident, _ = incident.acknowledge(by="ana", at=NOW + 5 * HOUR)
    incident = contained(incident, at=NOW + 7 * HOUR)

    clocks = {clock.name: clock for clock in incident.clocks()}

    assert clocks["detect"].spent(at=NOW) == 5 * HOUR
    assert clocks["detect"].due is None
    assert clocks["acknowledge"].overdue(at=NOW)
    assert clocks["contain"].spent(at=NOW + 99 * HOUR) == 7 * HOUR
    assert not clocks["contain"].overdue(at=NOW + 99 * HOUR)
    resolve = TARGETS[Gravity.MAJOR].resolve
    assert clocks["resolve"].spent(at=NOW + HOUR) == HOUR
    assert not clocks["resolve"].overdue(at=NOW + resolve)
    assert clocks["resolve"].overdue(at=NOW + resolve + HOUR)


def test_a_duty_to_report_counts_calendar_days_from_awareness():
    incident, _ = an_incident().classify(DUTY, aware_at=NOW, by="ana", at=NOW, reason="harm")

    (clock,) = [c for c in incident.clocks(duty=DUTY) if c.name == "report"]
    assert clock.due == datetime(2026, 11, 17, 9, tzinfo=UTC)
    told, event = incident.reported("authority, case 7", by="ana", at=NOW + HOUR)
    assert event.action == "incident.report"
    assert [c.ended for c in told.clocks(duty=DUTY)][-1] == NOW + HOUR
    excused, event = incident.reported("no person was harmed", by="ana", at=NOW, needed=False)
    assert event.action == "incident.waive"
    assert "report" not in {c.name for c in excused.clocks(duty=DUTY)}


def test_taking_a_classification_back_stops_its_clock():
    serious, _ = an_incident().classify(DUTY, aware_at=NOW, by="ana", at=NOW, reason="harm")
    back, event = serious.classify(None, aware_at=NOW, by="ana", at=NOW, reason="a false report")

    assert (back.duty, back.aware_at, event.details["before"]) == (None, None, "d")


def test_alerts_and_evidence_are_linked_once():
    linked, _ = an_incident(alerts=("alert-1",)).link(
        alerts=["alert-1", "alert-2"], evidence=["ev-1"], by="ana", at=NOW
    )

    assert (linked.alerts, linked.revalidation) == (("alert-1", "alert-2"), ("ev-1",))
