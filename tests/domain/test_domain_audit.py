import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from lifecycle.domain.audit import (
    GENESIS,
    AuditEvent,
    Link,
    Tampering,
    canonical,
    digest,
    follow,
    plain,
    verify,
)
from lifecycle.domain.measurement import Window

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


def chain(length: int) -> list[Link]:
    links: list[Link] = []
    for i in range(length):
        event = AuditEvent("version.move", f"version:m/{i}", "ada", NOW + timedelta(hours=i))
        links.append(follow(event, last=links[-1] if links else None))
    return links


def head(links) -> tuple[int, str]:
    return (links[-1].sequence, links[-1].hash) if links else (0, GENESIS)


def forged(link: Link, **changes) -> Link:
    """Rewrite a link together with its own hash, as somebody who knows the format would."""
    changed = replace(link, **changes)
    hashed = digest(changed.event, sequence=changed.sequence, previous=changed.previous)
    return replace(changed, hash=hashed)


def said(findings) -> list[tuple[int, str]]:
    return [(finding.sequence, str(finding.kind)) for finding in findings]


OTHER = AuditEvent("request.approve", "request:req-1", "mallory", NOW)


anything = st.text(st.characters(exclude_categories=["Cs"]))


@given(anything, anything, st.dictionaries(anything, anything | st.floats(0, 1) | st.none()))
def test_whatever_stands_in_an_event_the_digest_is_that_of_plain_json(text, other, details):
    event = AuditEvent(text, other, text, NOW, other, text, details)
    fields = {"action": text, "subject": other, "by": text, "reason": other, "via": text}
    content = {**fields, "at": plain(NOW), "details": details, "previous": other, "sequence": 7}

    written = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    assert digest(event, sequence=7, previous=other) == hashlib.sha256(written.encode()).hexdigest()


def test_the_digest_is_the_sha256_of_the_canonical_json_anybody_can_write():
    event = AuditEvent("a.b", "c:d", "Zoë", NOW, "why", "token", {"n": 1, "before": "x"})

    text = json.dumps(
        {
            "action": "a.b",
            "at": "2026-11-02T09:00:00.000000+00:00",
            "by": "Zoë",
            "details": {"before": "x", "n": 1},
            "previous": GENESIS,
            "reason": "why",
            "sequence": 1,
            "subject": "c:d",
            "via": "token",
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )

    expected = hashlib.sha256(text.encode()).hexdigest()
    assert digest(event, sequence=1, previous=GENESIS) == expected


def test_one_moment_has_one_digest_in_every_time_zone():
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    event = AuditEvent("a", "b", "c", NOW)

    assert follow(event, last=None).hash == follow(replace(event, at=elsewhere), last=None).hash


def test_nested_values_become_json_in_one_way():
    value = {"window": Window(NOW, NOW), 1: (1, 2.5, None), "type": "x"}

    assert plain(value) == {
        "window": {
            "start": "2026-11-02T09:00:00.000000+00:00",
            "end": "2026-11-02T09:00:00.000000+00:00",
        },
        "1": [1, 2.5, None],
        "type": "x",
    }
    assert plain(Window) is Window
    assert canonical({"b": 1, "a": "é"}) == '{"a":"é","b":1}'


@given(st.integers(0, 12))
def test_an_untouched_chain_has_no_finding_with_or_without_its_head(length):
    links = chain(length)

    assert verify(links) == []
    assert verify(links, head=head(links)) == []


@given(st.integers(1, 12), st.data())
def test_a_changed_event_is_named(length, data):
    links = chain(length)
    i = data.draw(st.integers(0, length - 1))
    tampered = [*links]
    tampered[i] = replace(links[i], event=replace(links[i].event, by="mallory"))

    assert said(verify(tampered)) == [(i + 1, "changed")]


@given(st.integers(2, 12), st.data())
def test_an_event_rewritten_with_its_hash_is_named_by_what_its_successor_remembers(length, data):
    links = chain(length)
    i = data.draw(st.integers(0, length - 2))
    tampered = [*links]
    tampered[i] = forged(links[i], event=OTHER)

    assert said(verify(tampered)) == [(i + 1, "changed")]


@given(st.integers(2, 12), st.data())
def test_a_removed_span_is_named(length, data):
    links = chain(length)
    first = data.draw(st.integers(0, length - 2))
    last = data.draw(st.integers(first, length - 2))

    findings = verify(links[:first] + links[last + 1 :])

    assert said(findings) == [(first + 1, "removed")]
    one, several = f"event {first + 1} is gone", f"events {first + 1} to {last + 1} are gone"
    assert findings[0].sentence == (one if first == last else several)


@given(st.integers(2, 30), st.data())
def test_a_removal_hidden_by_renumbering_is_still_a_removal(length, data):
    links = chain(length)
    i = data.draw(st.integers(0, length - 2))
    tampered = links[:i] + [replace(k, sequence=k.sequence - 1) for k in links[i + 1 :]]

    assert said(verify(tampered)) == [(i + 1, "removed")]


@given(st.integers(1, 12), st.integers(1, 12))
def test_events_cut_off_the_end_show_against_the_head_kept_outside(length, cut):
    links = chain(length + cut)

    findings = verify(links[:length], head=head(links))

    assert said(findings) == [(length + 1, "truncated")]
    assert verify(links[:length]) == []


def test_a_chain_removed_as_a_whole_shows_against_the_head():
    assert said(verify([], head=head(chain(3)))) == [(1, "truncated")]


def test_a_chain_longer_than_the_head_is_fine_because_the_head_is_kept_after_the_commit():
    assert verify(chain(5), head=head(chain(3))) == []


def test_a_chain_rewritten_as_a_whole_shows_against_the_head():
    links = chain(3)
    other = follow(OTHER, last=None)
    rewritten = [other, follow(OTHER, last=other)]
    rewritten.append(follow(OTHER, last=rewritten[-1]))

    assert verify(rewritten) == []
    assert said(verify(rewritten, head=head(links))) == [(3, "replaced")]


@given(st.integers(2, 12), st.data())
def test_an_event_put_in_is_named_whether_the_rest_was_renumbered_or_not(length, data):
    links = chain(length)
    i = data.draw(st.integers(0, length - 2))
    extra = forged(Link(i + 2, OTHER, links[i].hash, ""))
    beside = [*links[: i + 1], extra, *links[i + 1 :]]
    shifted = [
        *links[: i + 1],
        extra,
        *(replace(k, sequence=k.sequence + 1) for k in links[i + 1 :]),
    ]

    assert said(verify(beside, head=head(links))) == [(i + 2, "inserted")]
    kinds = {f.kind for f in verify(shifted)}
    assert Tampering.INSERTED in kinds
    assert (i + 2, "inserted") in said(verify(shifted, head=(length, links[-1].hash)))


def test_an_event_written_twice_is_inserted_once():
    links = chain(4)

    assert said(verify([*links[:2], links[1], *links[2:]])) == [(2, "inserted")]


@given(st.integers(2, 12), st.data())
def test_two_events_that_changed_places_are_both_named(length, data):
    links = chain(length)
    i = data.draw(st.integers(0, length - 2))
    j = data.draw(st.integers(i + 1, length - 1))
    tampered = [*links]
    tampered[i] = replace(links[j], sequence=i + 1)
    tampered[j] = replace(links[i], sequence=j + 1)

    assert said(verify(tampered)) == [(i + 1, "reordered"), (j + 1, "reordered")]


def test_lines_that_changed_places_in_a_file_are_named():
    links = chain(4)

    assert said(verify([links[0], links[2], links[1], links[3]])) == [
        (2, "reordered"),
        (3, "reordered"),
    ]


def test_a_last_event_with_another_number_is_named():
    links = chain(4)

    findings = verify([*links[:3], replace(links[3], sequence=7)])

    assert said(findings) == [(7, "changed")]
    assert findings[0].sentence == "event 7 (version.move on version:m/3) had the number 4"


def test_a_first_event_that_follows_something_is_named():
    links = chain(3)
    first = forged(links[0], previous="f" * 64)

    assert (1, "changed") in said(verify([first, *links[1:]]))


@given(st.integers(1, 10), st.data())
def test_no_single_edit_of_a_stored_link_goes_unseen(length, data):
    links = chain(length)
    i = data.draw(st.integers(0, length - 1))
    field, value = data.draw(
        st.sampled_from(
            [
                ("sequence", 99),
                ("previous", "e" * 64),
                ("hash", "e" * 64),
                ("event", replace(links[i].event, reason="other")),
                ("event", replace(links[i].event, at=NOW - timedelta(days=1))),
                ("event", replace(links[i].event, details={"x": 1})),
            ]
        )
    )
    tampered = [*links]
    tampered[i] = replace(links[i], **{field: value})

    assert verify(tampered, head=head(links)) != []
