import hashlib
import hmac
import json
import logging
import os
import stat
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from alarm_bench import SYSTEM, after, deliver, lines, series

from lifecycle.adapters import sealing
from lifecycle.domain.alert import AlertRule, Severity
from lifecycle.domain.delivery import LEASE, PAUSES, ChannelKind, DeliveryState
from lifecycle.domain.model import Stage
from lifecycle.domain.raised_alert import Status
from lifecycle.errors import Conflict, DamagedStore, InvalidInput, NotAllowed, NotFound
from lifecycle.services import alerting
from lifecycle.services.alerting import channels, delivering
from lifecycle.store import alerts, audit, deliveries, measurements, models

# Apprise's mail plugin imports a module that Python 3.11 announces to remove.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

NOW = after(1)
HOUR = timedelta(hours=1)


def test_without_a_channel_nothing_is_queued_and_nothing_is_sent(bench):
    bench.run(series("BB"))

    assert deliveries.every(bench.ws.cursor()) == []
    assert deliver(bench) == []


def test_a_webhook_carries_a_signature_anybody_with_the_secret_can_check(bench, receiver, hook):
    bench.run(series("BB"), series("BB", statistic="roc_auc"))

    assert [d.state for d in deliver(bench)] == [DeliveryState.SENT] * 2

    for body, headers in zip(receiver.bodies, receiver.headers, strict=True):
        signed = f"{headers['lifecycle-timestamp']}.".encode() + body
        expected = hmac.new(hook.encode(), signed, hashlib.sha256).hexdigest()
        assert headers["lifecycle-signature"] == f"v1={expected}"
        assert int(headers["lifecycle-timestamp"]) == int(NOW.timestamp())
        assert headers["idempotency-key"] == json.loads(body)["id"]
    told = [receiver.content(i) for i in range(2)]
    assert {(t["topic"], t["severity"]) for t in told} == {
        ("alert.raised", "warning"),
        ("alert.raised", "critical"),
    }
    drift = next(t for t in told if t["severity"] == "warning")
    assert drift["link"] == f"https://life.example/alerts?alert={drift['facts']['alert']}"
    assert drift["title"] == "Warning: credit/1, columns moved"
    assert drift["facts"]["series"][0]["value"] == 0.3
    assert "limit 0.1" in drift["text"]


def test_what_fails_is_tried_again_after_growing_pauses_under_the_same_key(bench, receiver, hook):
    receiver.answers = [500, 429, 200]
    bench.run(series("BB"))
    at = NOW
    for pause, state in zip(PAUSES, [DeliveryState.QUEUED] * 2, strict=False):
        (tried,) = deliver(bench, at=at)
        assert (tried.state, tried.next_at) == (state, at + pause)
        assert deliver(bench, at=at + pause - timedelta(seconds=1)) == []
        at += pause

    (sent,) = deliver(bench, at=at)

    assert (sent.state, sent.attempts, sent.sent_at) == (DeliveryState.SENT, 3, at)
    assert len({h["idempotency-key"] for h in receiver.headers}) == 1
    found = deliveries.attempts(bench.ws.cursor(), sent.id)
    assert [(a.number, a.ok, a.detail) for a in found] == [
        (1, False, "answered 500"),
        (2, False, "answered 429"),
        (3, True, "answered 200"),
    ]
    assert deliver(bench, at=at + HOUR) == []


def test_after_the_last_pause_a_message_is_given_up_and_can_be_sent_again(
    bench, receiver, hook, dora, vera
):
    receiver.answers = [503]
    bench.run(series("BB"))
    (tried,) = deliver(bench)
    at = tried.next_at
    for _ in PAUSES:
        (tried,) = deliver(bench, at=at)
        at = tried.next_at
    assert (tried.state, tried.attempts) == (DeliveryState.DEAD, 6)
    assert deliver(bench, at=at + 100 * HOUR) == []

    with pytest.raises(NotAllowed):
        alerting.send_again(bench.ws, tried.id, by=vera, at=at)
    alerting.send_again(bench.ws, tried.id, by=dora, at=at)
    with pytest.raises(Conflict, match="only what was given up"):
        alerting.send_again(bench.ws, tried.id, by=dora, at=at)
    receiver.answers = [200]
    (sent,) = deliver(bench, at=at)
    assert sent.state is DeliveryState.SENT
    with pytest.raises(NotFound, match="no message"):
        deliveries.get(bench.ws.cursor(), "message-99")


@pytest.mark.parametrize("answer", [301, 400, 401, 404, 410])
def test_an_answer_that_will_not_change_is_not_asked_for_again(bench, receiver, hook, answer):
    receiver.answers = [answer]
    bench.run(series("BB"))

    (given_up,) = deliver(bench)

    assert (given_up.state, given_up.detail) == (DeliveryState.DEAD, f"answered {answer}")
    assert len(receiver.bodies) == 1


def test_nobody_listening_is_a_failure_to_try_again(bench, adm):
    address = "http://127.0.0.1:1/hook"
    channels.add(bench.ws, "h", kind=ChannelKind.WEBHOOK, address=address, by=adm, at=NOW)
    bench.run(series("BB"))

    (tried,) = deliver(bench)

    assert (tried.state, tried.detail) == (DeliveryState.QUEUED, "no answer (ConnectError)")


def test_a_message_of_a_sender_that_died_is_sent_once_its_lease_is_over(bench, note):
    bench.run(series("BB"))
    with bench.ws.transaction() as tx:
        (waiting,) = deliveries.due(tx, at=NOW)
        deliveries.update(tx, waiting.taken(at=NOW))

    assert deliver(bench, at=NOW + LEASE - timedelta(seconds=1)) == []
    (sent,) = deliver(bench, at=NOW + LEASE)
    assert (sent.state, sent.attempts) == (DeliveryState.SENT, 2)


def test_a_run_that_is_undone_tells_nobody(bench, note):
    bench.run(series("cc"))

    with pytest.raises(OSError, match="disk"), bench.ws.transaction() as tx:  # noqa: PT012 -- the whole transaction is undone
        measurements.replace(tx, "credit/1", series("BB"), windows=None)
        assert alerting.update(tx, "credit/1", rule=AlertRule(), by=SYSTEM, at=NOW)
        raise OSError("the disk is full")

    assert deliver(bench) == []
    assert not note.exists()


def test_a_file_channel_writes_a_line_for_every_message(bench, note):
    bench.run(series("BB"))
    deliver(bench)
    bench.run(series("BBcc"))
    deliver(bench, at=after(3))

    assert [line["topic"] for line in lines(note)] == ["alert.raised", "alert.cleared"]
    assert lines(note)[1]["title"] == "Over: credit/1, columns moved"


def test_through_apprise_a_message_arrives_as_plain_text(bench, receiver, adm):
    kind, address = ChannelKind.APPRISE, f"json://user:pa55word@{receiver.address}"
    made, secret = channels.add(bench.ws, "chat", kind=kind, address=address, by=adm, at=NOW)
    bench.run(series("BB", column="<b>age</b>"))

    (sent,) = deliver(bench)

    assert (secret, made.hint, sent.state) == (None, "JSON", DeliveryState.SENT)
    assert receiver.content(0)["title"] == "Warning: credit/1, columns moved"
    assert "of <b>age</b> was 0.3" in receiver.content(0)["message"]
    assert receiver.content(0)["type"] == "warning"
    bench.run(series("BBcc", column="<b>age</b>"))
    deliver(bench, at=after(3))
    assert receiver.content(1)["title"] == "Over: credit/1, columns moved"
    assert receiver.content(1)["type"] == "success"


def test_a_refusal_through_apprise_says_the_code_and_nothing_secret(bench, receiver, adm, caplog):
    receiver.answers = [401]
    kind, address = ChannelKind.APPRISE, f"json://user:pa55word@{receiver.address}"
    channels.add(bench.ws, "chat", kind=kind, address=address, by=adm, at=NOW)
    bench.run(series("BB"))
    with caplog.at_level(logging.DEBUG):
        (tried,) = deliver(bench)

    assert tried.detail == "answered 401"
    assert "pa55word" not in caplog.text


def test_no_secret_is_found_in_the_database_the_trail_or_a_channels_text(
    bench, receiver, hook, adm
):
    kind, address = ChannelKind.APPRISE, "mailto://user:pa55word@example.org"
    made, _ = channels.add(bench.ws, "mail", kind=kind, address=address, by=adm, at=NOW)
    bench.run(series("BB"))
    con = bench.ws.cursor()

    told = repr(deliveries.channels(con)) + repr(audit.links(con)) + repr(made)
    bench.ws.checkpoint()
    stored = b"".join(f.read_bytes() for f in bench.ws.home.glob("lifecycle.duckdb*"))

    assert made.hint == "E-Mail"
    for secret in ("pa55word", "s3cret-token", hook):
        assert secret not in told
        assert secret.encode() not in stored


@pytest.mark.skipif(os.name != "posix", reason="modes are a thing of POSIX systems")
def test_only_its_owner_reads_the_key_and_another_key_opens_nothing(tmp_path):
    sealed = sealing.seal(tmp_path, "pa55word")
    key = tmp_path / sealing.KEY

    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert sealing.unseal(tmp_path, sealed) == "pa55word"
    assert sealing.seal(tmp_path, "pa55word") != sealed
    key.unlink()
    with pytest.raises(DamagedStore, match="enter it again"):
        sealing.unseal(tmp_path, sealed)
    sealing.seal(tmp_path, "other")
    with pytest.raises(DamagedStore, match="not the key"):
        sealing.unseal(tmp_path, sealed)


def test_a_lost_key_gives_the_message_up_and_says_what_to_do(bench, receiver, hook):
    (bench.ws.home / sealing.KEY).unlink()
    bench.run(series("BB"))

    (given_up,) = deliver(bench)

    assert given_up.state is DeliveryState.DEAD
    assert "enter it again" in given_up.detail
    assert receiver.bodies == []


def test_a_fault_of_a_plugin_stops_no_other_message(bench, hook, note, monkeypatch):
    def broken(*_args: object, **_named: object):
        raise KeyError("s3cret-token")

    monkeypatch.setattr(delivering.notify, "post", broken)
    bench.run(series("BB"))

    done = {d.channel: (d.state, d.detail) for d in deliver(bench)}

    assert done["note"][0] is DeliveryState.SENT
    assert done["hook"] == (DeliveryState.QUEUED, "could not be sent (KeyError)")


def test_a_channel_that_is_off_keeps_waiting_and_one_that_is_gone_gives_up(
    bench, receiver, hook, note, adm
):
    bench.run(series("BB"))
    channels.switch(bench.ws, "hook", active=False, by=adm, at=NOW)
    channels.remove(bench.ws, "note", by=adm, at=NOW)

    (gone,) = deliver(bench)
    assert (gone.channel, gone.detail) == ("note", "the channel was removed")
    with pytest.raises(InvalidInput, match="is off"):
        channels.try_out(bench.ws, "hook", by=adm, at=NOW)
    channels.switch(bench.ws, "hook", active=True, by=adm, at=NOW)
    assert [d.channel for d in deliver(bench)] == ["hook"]


def test_many_messages_to_a_channel_that_is_off_keep_no_other_from_leaving(bench, note, adm):
    channels.add(bench.ws, "quiet", kind=ChannelKind.FILE, by=adm, at=NOW)
    for minute in range(60):
        channels.try_out(bench.ws, "quiet", by=adm, at=NOW + timedelta(minutes=minute))
    channels.switch(bench.ws, "quiet", active=False, by=adm, at=NOW)
    channels.try_out(bench.ws, "note", by=adm, at=NOW)

    assert [d.channel for d in deliver(bench, at=NOW + 2 * HOUR)] == ["note"]


@pytest.mark.parametrize("named", [("gone",), ("off",), ("off", "gone")])
def test_where_no_named_channel_is_left_or_on_everybody_hears_of_an_alert(bench, note, adm, named):
    channels.add(bench.ws, "off", kind=ChannelKind.FILE, by=adm, at=NOW)
    channels.switch(bench.ws, "off", active=False, by=adm, at=NOW)
    bench.run(series("BB"), rule=AlertRule(channels=named, escalate_to=named, renotify_hours=0))
    alerting.remind(bench.ws, at=NOW + 73 * HOUR)

    found = deliveries.every(bench.ws.cursor())

    assert [(d.channel, d.message.topic) for d in reversed(found)] == [
        ("note", "alert.raised"),
        ("note", "alert.escalated"),
    ]


def test_a_channel_hears_only_of_what_is_grave_enough_and_meant_for_it(bench, note, adm):
    for name, least in (("pager", Severity.CRITICAL), ("other", Severity.WARNING)):
        channels.add(bench.ws, name, kind=ChannelKind.FILE, least=least, by=adm, at=NOW)
    bench.run(
        series("BB"), series("BB", statistic="roc_auc"), rule=AlertRule(channels=("note", "pager"))
    )

    sent = sorted((d.channel, d.message.severity.word) for d in deliver(bench))

    assert sent == [("note", "critical"), ("note", "warning"), ("pager", "critical")]


def test_the_clock_reminds_escalates_once_and_wakes(bench, note, dora):
    rule = AlertRule(renotify_hours=24, acknowledge_hours={Severity.WARNING: 30.0})
    bench.run(series("BB"), rule=rule)
    topics = [
        (hours, alert.escalated_at is not None)
        for hours in range(1, 80)
        for alert in alerting.remind(bench.ws, at=NOW + hours * HOUR)
    ]
    assert topics == [(24, False), (31, True), (55, True), (79, True)]
    assert "alert.escalate" in [k.event.action for k in audit.links(bench.ws.cursor())]

    at = NOW + 80 * HOUR
    alerting.snooze(bench.ws, "alert-1", until=at + 5 * HOUR, reason="r", by=dora, at=at)
    assert alerting.remind(bench.ws, at=at + 4 * HOUR) == []
    (awake,) = alerting.remind(bench.ws, at=at + 5 * HOUR)
    assert awake.status is Status.OPEN
    alerting.acknowledge(bench.ws, "alert-1", by=dora, at=at + 6 * HOUR)
    assert alerting.remind(bench.ws, at=at + 500 * HOUR) == []


def test_nobody_is_called_about_a_version_that_is_out_of_use(bench, note):
    bench.run(series("BB"))
    with bench.ws.transaction() as tx:
        version = models.version_by_id(tx, "credit/1")
        models.update_version(tx, replace(version, stage=Stage.RETIRED))

    (over,) = alerting.remind(bench.ws, at=NOW + HOUR)
    assert (over.status, over.firing) == (Status.CLEARED, ())
    assert audit.search(bench.ws.cursor(), limit=1)[0].event.reason == "the version is out of use"
    assert bench.run(series("BBB"), at=NOW + 2 * HOUR) == []
    assert alerting.remind(bench.ws, at=NOW + 900 * HOUR) == []


def test_an_escalation_goes_to_the_channels_named_for_it(bench, note, adm):
    channels.add(bench.ws, "boss", kind=ChannelKind.FILE, by=adm, at=NOW)
    rule = AlertRule(channels=("note",), escalate_to=("boss",), renotify_hours=0)
    bench.run(series("BB"), rule=rule)
    alerting.remind(bench.ws, at=NOW + 73 * HOUR)

    found = deliveries.every(bench.ws.cursor())

    assert [(d.channel, d.message.topic) for d in reversed(found)] == [
        ("note", "alert.raised"),
        ("boss", "alert.escalated"),
    ]


def test_reopening_within_the_cooldown_tells_nobody_and_becoming_critical_does(bench, note):
    rule = AlertRule(k=1, m=1, cooldown_hours=30 * 24, on_warning=True)
    for end in range(1, 5):
        bench.run(series("wcwB"[:end], statistic="roc_auc"), rule=rule)
    topics = [d.message.topic for d in deliveries.every(bench.ws.cursor())]

    assert topics[::-1] == ["alert.raised", "alert.cleared", "alert.worsened"]
    assert alerts.get(bench.ws.cursor(), "alert-1").severity is Severity.CRITICAL


def test_who_has_an_alert_before_them_again_gets_the_whole_time_again(bench, note, dora):
    hours = {Severity.WARNING: 5.0, Severity.CRITICAL: 10.0}
    rule = AlertRule(k=1, m=1, on_warning=True, renotify_hours=0, acknowledge_hours=hours)
    bench.run(series("w", statistic="roc_auc"), rule=rule)
    alerting.acknowledge(bench.ws, "alert-1", by=dora, at=NOW)
    worse = after(9)
    bench.run(series("wB", statistic="roc_auc"), rule=rule, at=worse)

    assert alerting.remind(bench.ws, at=worse + 9 * HOUR) == []
    (late,) = alerting.remind(bench.ws, at=worse + 11 * HOUR)
    assert late.due == worse + 10 * HOUR
    (event,) = [
        k.event for k in audit.links(bench.ws.cursor()) if k.event.action == "alert.escalate"
    ]
    assert event.reason == "nobody took it on by 2026-03-16T10:00+00:00"


def test_an_alert_that_wakes_is_not_late_at_once(bench, note, dora):
    rule = AlertRule(renotify_hours=0, acknowledge_hours={Severity.WARNING: 5.0})
    bench.run(series("BB"), rule=rule)
    alerting.snooze(bench.ws, "alert-1", until=NOW + 48 * HOUR, reason="r", by=dora, at=NOW)
    alerting.remind(bench.ws, at=NOW + 48 * HOUR)

    assert alerting.remind(bench.ws, at=NOW + 52 * HOUR) == []
    assert alerting.remind(bench.ws, at=NOW + 54 * HOUR)[0].escalated_at is not None


def test_the_courier_sends_what_waits_and_survives_a_fault(bench, note, monkeypatch, caplog):
    arrived, calls = threading.Event(), []
    sending = delivering._deliver

    def flaky(*args, **named):
        calls.append(1)
        if len(calls) == 1:
            raise OSError("for once")
        done = sending(*args, **named)
        arrived.set()
        return done

    monkeypatch.setattr(delivering, "EVERY", 0.01)
    monkeypatch.setattr(delivering, "_deliver", flaky)
    bench.run(series("BB"))
    courier = alerting.Courier(bench.ws, clock=lambda: NOW)
    with caplog.at_level(logging.CRITICAL, logger="lifecycle"), courier:
        assert arrived.wait(5)

    assert len(lines(note)) == 1
