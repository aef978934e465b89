"""Do events fold into what they say happened?"""

from datetime import UTC, datetime, timedelta

from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.history import told_by
from lifecycle.domain.model import Stage

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


def event(action, subject, hour=0, by="ada", **details):
    return AuditEvent(action, subject, by, NOW + timedelta(hours=hour), "why", details=details)


OPEN = event(
    "request.open",
    "request:req-1",
    1,
    version="m/1",
    to="production",
    policy="house 2",
    policy_sha256="aa",
    bundle="bb",
    evidence=["ev-1"],
)
LATER = NOW + timedelta(days=30)
LIFE = [
    event("policy.publish", "policy:house 1", sha256="old"),
    event("policy.publish", "policy:house 2", sha256="aa"),
    event("version.add", "version:m/1"),
    event("evidence.add", "version:m/1", evidence="ev-1", sha256="cc", purpose="fairness"),
    OPEN,
    event("request.comment", "request:req-1", 2, "bob"),
    event("request.abstain", "request:req-1", 3, "cleo", version="m/1", status="open"),
    event("request.approve", "request:req-1", 4, "bob", version="m/1", status="approved"),
    event("version.move", "version:m/1", 4, "bob", after="production", request="req-1"),
]


def test_a_life_is_told_with_its_request_votes_evidence_and_policy():
    told = told_by(LIFE, at=LATER)

    (version,) = told.versions
    assert version.live
    assert (version.stage, version.since) == (Stage.PRODUCTION, NOW + timedelta(hours=4))
    assert version.request is not None
    assert version.request.approved_by == ("bob",)
    assert [v.vote for v in version.request.votes] == ["abstain", "approve"]
    assert [e.id for e in version.evidence] == ["ev-1"]
    assert [(p.name, p.version, p.sha256) for p in told.policies] == [("house", "2", "aa")]
    assert told.open_requests == ()


def test_before_the_last_vote_the_request_is_open_and_the_version_where_it_was():
    told = told_by(LIFE[:-2], at=LATER)

    assert told.versions[0].stage is Stage.DRAFT
    assert [asked.id for asked in told.open_requests] == ["req-1"]


def test_a_request_taken_back_is_not_open_and_moves_nothing():
    told = told_by(
        [*LIFE[:5], event("request.withdraw", "request:req-1", 2, version="m/1")], at=LATER
    )

    assert told.open_requests == ()
    assert told.versions[0].request is None


def test_an_approval_that_went_stale_says_so_until_it_is_valid_again():
    stale = event("approval.stale", "request:req-1", 9, version="m/1", standing="stale")
    valid = event("approval.valid", "request:req-1", 10, version="m/1", standing="valid")

    assert told_by([*LIFE, stale], at=LATER).versions[0].standing == "stale"
    assert told_by([*LIFE, stale, valid], at=LATER).versions[0].standing == "valid"


def test_an_approval_is_over_from_its_end_on_whether_or_not_a_clock_said_so():
    ends = NOW + timedelta(days=60)
    valid = event("approval.valid", "request:req-1", 4, version="m/1", expires_at=ends.isoformat())

    before = told_by([*LIFE, valid], at=ends - timedelta(seconds=1)).versions[0]
    after = told_by([*LIFE, valid], at=ends).versions[0]

    assert (before.standing, before.expires_at) == ("valid", ends)
    assert (after.standing, after.expires_at) == ("expired", ends)


def test_what_a_policy_lets_go_on_after_the_end_is_told_as_stale():
    ends = NOW + timedelta(days=60)
    details = {"version": "m/1", "effect": "keep", "expires_at": ends.isoformat()}
    stale = event("approval.stale", "request:req-1", 24 * 60, **details)

    version = told_by([*LIFE, stale], at=ends + timedelta(days=1)).versions[0]

    assert (version.standing, version.effect) == ("stale", "keep")


def test_what_ended_before_its_date_stays_what_it_was():
    ends = NOW + timedelta(days=60)
    revoked = event(
        "approval.revoked",
        "request:req-1",
        9,
        version="m/1",
        effect="stop",
        expires_at=ends.isoformat(),
    )

    version = told_by([*LIFE, revoked], at=ends + timedelta(days=1)).versions[0]

    assert (version.standing, version.effect) == ("revoked", "stop")


def test_a_version_that_made_room_was_not_approved_by_its_successors_request():
    moved = event("version.move", "version:m/0", 4, "bob", after="retired", request="req-1")
    told = told_by([event("version.add", "version:m/0"), *LIFE, moved], at=LATER)

    assert told.versions[0].version_id == "m/0"
    assert told.versions[0].stage is Stage.RETIRED
    assert told.versions[0].request is None


def test_events_about_what_is_not_known_change_nothing():
    assert told_by([*LIFE[5:], event("session.start", "person:ada")], at=LATER).versions == ()
