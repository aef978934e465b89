"""Is a long trail, of which only a part is held at once, judged like one that is held whole?"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifecycle.domain import proof
from lifecycle.domain.audit import AuditEvent, Link, follow, verify
from lifecycle.domain.proof import walk

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
LENGTH = 400


def chain(length: int) -> list[Link]:
    links: list[Link] = []
    for i in range(length):
        event = AuditEvent("version.move", f"version:m/{i}", "ada", NOW + timedelta(hours=i))
        links.append(follow(event, last=links[-1] if links else None))
    return links


WHOLE = chain(LENGTH)
HEAD = (WHOLE[-1].sequence, WHOLE[-1].hash)
OTHER = AuditEvent("request.approve", "request:req-1", "mallory", NOW)


@pytest.fixture(autouse=True)
def small_portions(monkeypatch):
    """Let go after forty links, so that a short chain is a long one."""
    monkeypatch.setattr(proof, "TOGETHER", 40)
    monkeypatch.setattr(proof, "CALM", 10)


def changed(links: list[Link], i: int) -> list[Link]:
    return [*links[:i], replace(links[i], event=OTHER), *links[i + 1 :]]


def removed(links: list[Link], i: int) -> list[Link]:
    return [*links[:i], *links[i + 1 :]]


def inserted(links: list[Link], i: int) -> list[Link]:
    return [*links[: i + 1], follow(OTHER, last=links[i]), *links[i + 1 :]]


def swapped(links: list[Link], i: int) -> list[Link]:
    one, other = links[i : i + 2]
    return [*links[:i], other, one, *links[i + 2 :]]


def said(findings):
    return [(f.sequence, str(f.kind), f.sentence) for f in findings]


places = st.lists(
    st.tuples(st.sampled_from([changed, removed, inserted, swapped]), st.integers(0, 4)),
    min_size=1,
    max_size=4,
)


@settings(deadline=None)
@given(places, st.integers(0, 60))
def test_breaks_far_apart_are_named_as_in_a_chain_that_is_held_whole(tampering, shift):
    links = WHOLE
    for number, (act, within) in reversed(list(enumerate(tampering))):
        links = act(links, 5 + 90 * number + shift + within)

    walked = walk(links, places=[], head=HEAD)

    assert said(walked.findings()) == said(verify(links, head=HEAD))
    assert len(walked.rest) < LENGTH


@settings(deadline=None)
@given(st.integers(0, LENGTH - 1))
def test_a_cut_end_and_another_head_are_seen_far_behind_a_break(i):
    links = changed(WHOLE, i)

    cut = walk(links[:-1], places=[], head=HEAD).findings()
    other = walk(links, places=[], head=(LENGTH, "0" * 64)).findings()

    if i < LENGTH - 1:
        assert said(cut)[-1][:2] == (LENGTH, "truncated")
    assert said(other)[-1][:2] == (LENGTH, "replaced")


def test_what_is_in_order_is_let_go_of_behind_a_break():
    walked = walk(changed(WHOLE, 3), places=[2, 300], head=HEAD)

    assert (len(walked.hashes), walked.rest, len(walked.settled)) == (3, [], 1)
    assert walked.held
    assert set(walked.roots) == {2}, "no signature vouches for what comes behind a break"
    assert walked.events == LENGTH
