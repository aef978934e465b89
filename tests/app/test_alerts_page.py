from datetime import UTC, datetime, timedelta

import pytest

from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.alert import AlertRule, Severity
from lifecycle.domain.incident import Containment, IncidentState
from lifecycle.domain.measurement import Measurement, State, Window
from lifecycle.domain.raised_alert import Status
from lifecycle.services import alerting, incidents, monitoring
from lifecycle.store import alerts, deliveries, measurements, monitors
from lifecycle.store import incidents as kept
from tests.app.tiny_workspace import person
from tests.app.words_on_screen import words_of

NOW = datetime.now(UTC)
SYSTEM = Actor("dan", frozenset({Role.DEVELOPER}), via="schedule")


@pytest.fixture
def alarmed(tiny):
    """Raise a critical alert about performance and a warning about drift."""
    start = NOW.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=14)
    windows = [Window(start + timedelta(7 * i), start + timedelta(7 * i + 7)) for i in range(2)]
    given = [
        *(Measurement("roc_auc", 0.6, State.BREACH, window=w, limit=0.8, n=900) for w in windows),
        *(
            Measurement("psi", 0.4, State.BREACH, column="<b>age</b>", window=w, limit=0.2, n=900)
            for w in windows
        ),
    ]
    with tiny.workspace.transaction() as tx:
        measurements.replace(tx, "credit/1", given, windows=None)
        raised = alerting.update(tx, "credit/1", rule=AlertRule(), by=SYSTEM, at=NOW)
    grave = next(a.id for a in raised if a.severity is Severity.CRITICAL)
    return tiny.workspace, grave


def the(ws, alert_id):
    return alerts.get(ws.cursor(), alert_id)


@pytest.mark.parametrize("view", ["Alerts", "Incidents", "Rules", "Delivery"])
def test_an_empty_view_says_what_is_missing_and_what_fills_it(look, view):
    shown = look("alerts", view=view)

    assert not shown.error
    assert "No " in words_of(shown) or "Nothing" in words_of(shown)


def test_what_is_critical_is_said_first_and_stands_first(look, alarmed):
    text = words_of(look("alerts"))

    assert "**1 critical**: credit/1" in text
    assert "2 alerts nobody is on, of 2 not over" in text
    assert text.index("performance is beyond its limit") < text.index("columns moved")


def test_somebody_takes_an_alert_on_with_one_click(look, alarmed):
    ws, grave = alarmed
    shown = look("alerts", who="dan")
    shown.button(key=f"ack_{grave}").click().run()

    assert f"You are on {grave}." in words_of(shown)
    assert the(ws, grave).acknowledged_by == "dan"


def test_an_alert_is_taken_on_from_the_overview(look, alarmed):
    ws, grave = alarmed
    shown = look("overview", who="dan")
    shown.button(key=f"take_{grave}").click().run()

    assert f"You have taken on {grave}." in words_of(shown)
    assert the(ws, grave).acknowledged_by == "dan"
    assert f"take_{grave}" not in {button.key for button in shown.button}
    assert not [button for button in look("overview", who="mo").button if button.label == "Take on"]


def test_a_viewer_sees_everything_and_is_offered_nothing(look, alarmed):
    _, grave = alarmed
    shown = look("alerts", who="mo", alert=grave)

    assert "do not include handling alerts" in words_of(shown)
    assert {b.label for b in shown.button} <= {"Sign out"}


def test_the_address_opens_one_alert_with_its_series_and_a_link_to_its_page(look, alarmed):
    _, grave = alarmed
    shown = look("alerts", who="dan", alert=grave)

    assert "roc_auc" in words_of(shown)
    assert "limit 0.8" in words_of(shown)
    links = [link.proto for link in shown.get("page_link")]
    (place,) = [link for link in links if link.page == "performance" and link.query_string]
    assert "model=credit&version=1&tab=Over+time&statistic=roc_auc" in place.query_string


def test_an_alert_is_snoozed_judged_and_resolved_with_a_reason(look, alarmed):
    ws, grave = alarmed
    shown = look("alerts", who="dan", alert=grave)
    shown.button(key=f"snooze_{grave}").click().run()
    assert "give a reason" in words_of(shown)
    shown.text_input(key=f"reason_{grave}").set_value("campaign until Friday").run()
    shown.button(key=f"snooze_{grave}").click().run()
    assert the(ws, grave).status is Status.SNOOZED
    shown.button(key=f"judge_False_{grave}").click().run()
    assert the(ws, grave).real is False
    # Each sent reason left its field, so the next step gives its own.
    shown.text_input(key=f"reason_{grave}_2").set_value("the campaign is over").run()
    shown.button(key=f"resolve_{grave}").click().run()
    assert the(ws, grave).status is Status.RESOLVED
    assert "Nothing critical" in words_of(shown)


def test_an_alert_becomes_an_incident_and_a_second_person_closes_it(look, alarmed):
    ws, grave = alarmed
    shown = look("alerts", who="dan", alert=grave)
    shown.button(key=f"incident_{grave}").click().run()
    (opened,) = kept.every(ws.cursor())
    assert (opened.alerts, opened.opened_by) == ((grave,), "dan")

    shown = look("alerts", who="dan", incident=opened.id)
    shown.button(key=f"own_{opened.id}").click().run()
    shown.text_area(key=f"step_{opened.id}").set_value("version 0 is live").run()
    shown.button(key=f"go_{opened.id}").click().run()
    shown.text_area(key=f"step_{opened.id}_1").set_value("a unit changed").run()
    shown.button(key=f"go_{opened.id}").click().run()
    assert "no corrective action is recorded" in words_of(shown)
    assert "a second person must close it" in words_of(shown)

    incidents.plan(
        ws, opened.id, "check units", owner="vera", due=NOW.date(), by=person("dan"), at=NOW
    )
    incidents.carry_out(ws, opened.id, 1, by=person("vera"), at=NOW)
    shown = look("alerts", who="vera", incident=opened.id)
    shown.text_area(key=f"step_{opened.id}").set_value("tests seen").run()
    shown.button(key=f"go_{opened.id}").click().run()
    assert kept.get(ws.cursor(), opened.id).state is IncidentState.CLOSED
    assert "was closed" in words_of(shown)


def test_a_serious_incident_shows_the_clock_of_its_duty_and_when_it_binds(look, alarmed):
    ws, grave = alarmed
    dan = person("dan")
    opened = incidents.open_incident(ws, title="Harm", alert_ids=[grave], by=dan, at=NOW)
    incidents.contain(
        ws, opened.id, Containment.ROLLBACK, reason="0 is live", by=dan, at=datetime.now(UTC)
    )
    incidents.classify(
        ws, opened.id, "eu-ai-act-general", reason="harm", by=dan, at=datetime.now(UTC)
    )
    text = words_of(look("alerts", who="dan", incident=opened.id))

    assert "EU AI Act Art. 73(2): 15 days from awareness; it binds from 2 Dec 2027" in text
    assert "report" in text


def test_an_administrator_sets_up_a_channel_and_its_secret_is_shown_once(look, alarmed):
    ws, _ = alarmed
    shown = look("alerts", who="ada", view="Delivery")
    shown.text_input[0].set_value("hook")
    shown.selectbox[-2].set_value("webhook")
    shown.text_input[1].set_value("https://hooks.example.org/in?token=s3cret")
    shown.button(key="FormSubmitter:add_channel-Add").click().run()

    (made,) = deliveries.channels(ws.cursor())
    assert (made.name, made.hint) == ("hook", "https://hooks.example.org")
    assert "shown this once" in words_of(shown)
    shown.run()
    assert "shown this once" not in words_of(shown)
    assert "s3cret" not in words_of(shown)
    shown.button(key="try_channel").click().run()
    assert "channel.test" in words_of(shown)
    shown.button(key="switch_channel").click().run()
    assert not deliveries.channels(ws.cursor())[0].active
    shown.button(key="remove_channel").click().run()
    assert deliveries.channels(ws.cursor()) == []


def test_precision_stands_among_the_rules(look, alarmed):
    ws, grave = alarmed
    alerting.judge(ws, grave, real=True, by=person("dan"), at=NOW)

    assert "roc_auc" in words_of(look("alerts", view="Rules"))


def test_what_is_not_known_in_an_address_falls_back_to_the_list(look, alarmed):
    shown = look("alerts", alert="alert-99", about="nobody", view="nowhere", show="never")

    assert not shown.exception
    assert "**1 critical**" in words_of(shown)


def test_saving_a_rule_changes_no_number_nobody_touched(look, tiny):
    dan, exact = person("dan"), 0.1234567891234
    monitoring.define(
        tiny.workspace,
        "credit",
        "1",
        limits={"psi": exact},
        alerts={"margin": exact},
        by=dan,
        at=NOW,
    )
    shown = look("alerts", who="dan", view="Rules")
    shown.number_input(key="k_credit/1_1").set_value(2).run()
    shown.text_input(key="why_credit/1_1").set_value("two windows").run()
    shown.button(key="save_credit/1_1").click().run()

    made = monitors.current(tiny.workspace.cursor(), "credit/1")
    assert made is not None
    assert (made.revision, made.alerts.k) == (2, 2)
    assert made.limits == {"psi": exact}
    assert made.alerts.margin == exact
