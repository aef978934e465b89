"""Channels are tried out, refused where they cannot work, and opened by administrators alone."""

import pytest
from alarm_bench import after, deliver, lines

from lifecycle.domain.alert import AlertRule
from lifecycle.domain.delivery import ChannelKind
from lifecycle.domain.monitor import Monitor
from lifecycle.errors import Conflict, InvalidInput, NotAllowed, NotFound
from lifecycle.services.alerting import channels
from lifecycle.store import monitors

NOW = after(1)


def test_trying_a_channel_out_sends_a_message_that_says_so(bench, note, adm):
    channels.try_out(bench.ws, "note", by=adm, at=NOW)
    deliver(bench)

    assert lines(note)[0]["title"] == "Lifecycle can reach you here"


@pytest.mark.parametrize(
    ("name", "kind", "address", "sentence"),
    [
        ("No Space", "file", "", "small letters"),
        ("a", "webhook", "ftp://x", "begins with https"),
        ("a", "webhook", "http://[bad", "begins with https"),
        ("a", "webhook", "", "begins with https"),
        ("a", "apprise", "carrier-pigeon://x", "Apprise does not know"),
        ("a", "file", "/etc/passwd", "takes no address"),
    ],
)
def test_a_channel_that_cannot_work_is_refused(bench, adm, name, kind, address, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        channels.add(bench.ws, name, kind=ChannelKind(kind), address=address, by=adm, at=NOW)


def test_two_channels_cannot_share_a_name_and_an_unknown_one_is_not_found(bench, note, adm):
    with pytest.raises(Conflict, match="already a channel 'note'"):
        channels.add(bench.ws, "note", kind=ChannelKind.FILE, by=adm, at=NOW)
    with pytest.raises(NotFound, match="did you mean 'note'"):
        channels.remove(bench.ws, "notes", by=adm, at=NOW)


def test_a_channel_that_alerts_of_a_monitor_go_to_is_not_removed(bench, note, adm):
    for revision, rule in enumerate((AlertRule(escalate_to=("note",)), AlertRule())):
        monitor = Monitor("m", "credit/1", revision, NOW, "dora", alerts=rule)
        with bench.ws.transaction() as tx:
            monitors.add(tx, monitor)
        if rule.named:
            with pytest.raises(Conflict, match="credit/1 go to the channel note; send them"):
                channels.remove(bench.ws, "note", by=adm, at=NOW)

    assert channels.remove(bench.ws, "note", by=adm, at=NOW).name == "note"


@pytest.mark.parametrize(
    "call",
    [
        lambda ws, by: channels.add(ws, "x", kind=ChannelKind.FILE, by=by, at=NOW),
        lambda ws, by: channels.switch(ws, "note", active=False, by=by, at=NOW),
        lambda ws, by: channels.remove(ws, "note", by=by, at=NOW),
        lambda ws, by: channels.try_out(ws, "note", by=by, at=NOW),
    ],
)
def test_only_an_administrator_opens_doors(bench, note, dora, call):
    with pytest.raises(NotAllowed, match="may not administer"):
        call(bench.ws, dora)
