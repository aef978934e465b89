import statistics
import threading
import time
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from furniture import NOW, ROOT, actor
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.domain.actor import Actor, Role
from lifecycle.errors import (
    InvalidInput,
    LifecycleError,
    NotAllowed,
    NotFound,
    NotSignedIn,
    TooManyAttempts,
)
from lifecycle.services import access
from lifecycle.services.access import passwords
from lifecycle.services.access.attempts import MANY, PER_ADDRESS, PER_NAME, WINDOW, Attempts
from lifecycle.store import audit, people, sessions

PASSWORD = "correct horse battery"
HERE = "198.51.100.7"


def give_password(workspace, name="dev", password=PASSWORD):
    access.set_password(workspace, name, password, by=ROOT, at=NOW)


def sign_in(workspace, name="dev", password=PASSWORD, *, at=NOW, address=HERE):
    return access.sign_in(workspace, name, password, at=at, address=address)


def whose(workspace, secret) -> Actor:
    found = access.actor_of_session(workspace, secret, at=NOW)
    assert found is not None
    return found


def actions(workspace):
    return [(k.event.action, k.event.subject) for k in audit.links(workspace.cursor())]


def test_the_right_password_starts_a_session_that_names_the_person(workspace):
    give_password(workspace)

    secret, session = sign_in(workspace, " Dev ")

    assert access.actor_of_session(workspace, secret, at=NOW) == Actor(
        "dev", frozenset({Role.DEVELOPER}), via="session"
    )
    assert session.expires_at == NOW + timedelta(hours=12)
    assert actions(workspace)[-1] == ("session.start", "person:dev")
    assert people.get(workspace.cursor(), "dev").has_password


def test_no_secret_is_kept_anywhere_in_the_workspace(workspace):
    give_password(workspace)
    secret, session = sign_in(workspace)
    invitation = access.invite(workspace, "val", by=ROOT, at=NOW)
    token, _ = access.add_token(
        workspace, label="ci", scopes={"read"}, days=1, by=actor("dev"), at=NOW
    )
    workspace.checkpoint()

    kept = b"".join(f.read_bytes() for f in workspace.home.rglob("*") if f.is_file())

    assert session.hash.encode() in kept
    for hidden in (secret, invitation, token, PASSWORD):
        assert hidden.encode() not in kept


@pytest.mark.parametrize("name", ["dev", "nobody", "vera", "gone"])
def test_a_wrong_name_password_or_closed_account_gets_the_same_sentence(workspace, name):
    give_password(workspace)
    access.add_person(workspace, "gone", roles={Role.VIEWER}, by=ROOT, at=NOW)
    give_password(workspace, "gone")
    access.deactivate(workspace, "gone", by=ROOT, at=NOW)

    with pytest.raises(NotSignedIn, match=r"^the name or the password is wrong$"):
        sign_in(workspace, name, "wrong horse battery" if name == "dev" else PASSWORD)

    who = name if name in {"dev", "gone"} else "unknown"
    last = audit.search(workspace.cursor(), limit=1)[0].event
    assert (last.action, last.subject, last.details) == ("session.refused", f"person:{who}", {})


def test_an_unknown_name_takes_as_long_as_a_wrong_password(workspace, monkeypatch):
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(2, 16_384, 1))
    give_password(workspace)

    def seconds(name: str) -> float:
        before = time.thread_time()
        with pytest.raises(NotSignedIn):
            sign_in(workspace, name, "wrong horse battery", address=name)
        return time.thread_time() - before

    seconds("warm-up")
    unknown = statistics.median(seconds(f"nobody{i}") for i in range(4))
    known = statistics.median(seconds("dev") for _ in range(4))
    assert 0.5 < unknown / known < 2


def test_five_failures_close_a_name_for_a_quarter_of_an_hour(workspace):
    give_password(workspace)
    for i in range(PER_NAME):
        with pytest.raises(NotSignedIn):
            sign_in(workspace, password="x", at=NOW + timedelta(minutes=i), address=f"{i}")

    with pytest.raises(TooManyAttempts, match="try again in 10 min"):
        sign_in(workspace, at=NOW + timedelta(minutes=5), address="other")
    secret, _ = sign_in(workspace, at=NOW + timedelta(minutes=15))
    assert access.actor_of_session(workspace, secret, at=NOW + timedelta(minutes=16))


def test_a_success_forgets_the_names_failures(workspace):
    give_password(workspace)
    for _ in range(3):
        for _ in range(PER_NAME - 1):
            with pytest.raises(NotSignedIn):
                sign_in(workspace, password="x", address="a")
        sign_in(workspace, address="b")


def test_an_address_is_closed_after_trying_many_names(workspace):
    give_password(workspace)
    for i in range(PER_ADDRESS):
        with pytest.raises(NotSignedIn):
            sign_in(workspace, f"nobody{i}")

    with pytest.raises(TooManyAttempts):
        sign_in(workspace)
    sign_in(workspace, address="elsewhere")


def test_parallel_attempts_cannot_slip_through(workspace):
    give_password(workspace)
    outcomes = []

    def attempt():
        try:
            sign_in(workspace, password="x")
        except LifecycleError as error:
            outcomes.append(type(error))

    threads = [threading.Thread(target=attempt) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes.count(NotSignedIn) == PER_NAME
    assert outcomes.count(TooManyAttempts) == 20 - PER_NAME


@given(st.lists(st.tuples(st.integers(0, 3600), st.booleans()), max_size=40))
def test_no_window_ever_holds_more_failures_than_allowed(tries):
    attempts = Attempts()
    failed = []
    for second, right in sorted(tries):
        at = NOW + timedelta(seconds=second)
        try:
            attempts.begin(name="dev", address=HERE, at=at)
        except TooManyAttempts:
            continue
        if right:
            attempts.succeed(name="dev", address=HERE, at=at)
            failed.clear()
        else:
            failed.append(at)
        assert sum(at - t < WINDOW for t in failed) <= PER_NAME


def test_old_failures_are_swept_out_of_memory():
    attempts = Attempts()
    for i in range(MANY):
        attempts.begin(name=f"n{i}", address=f"a{i}", at=NOW)

    attempts.begin(name="dev", address=HERE, at=NOW + WINDOW)

    assert len(attempts._failures) == 2
    attempts.succeed(name="other", address="other", at=NOW)


def test_a_session_ends_with_time_sign_out_or_its_account(workspace):
    give_password(workspace)
    secret, session = access.sign_in(workspace, "dev", PASSWORD, at=NOW, address=HERE, hours=2)
    out, _ = sign_in(workspace)
    closed, _ = sign_in(workspace)

    assert access.actor_of_session(workspace, secret, at=session.expires_at) is None
    access.sign_out(workspace, out, at=NOW)
    assert access.actor_of_session(workspace, out, at=NOW) is None
    access.sign_out(workspace, "unknown", at=NOW)
    assert actions(workspace)[-1] == ("session.end", "person:dev")
    access.deactivate(workspace, "dev", by=ROOT, at=NOW)
    assert access.actor_of_session(workspace, closed, at=NOW) is None
    access.reactivate(workspace, "dev", by=ROOT, at=NOW)
    assert access.actor_of_session(workspace, closed, at=NOW) is None
    assert access.actor_of_session(workspace, "unknown", at=NOW) is None


def test_a_session_of_an_account_closed_behind_our_back_is_nobodys(workspace):
    give_password(workspace)
    secret, _ = sign_in(workspace)
    with workspace.transaction() as tx:
        tx.execute("UPDATE person SET active = false WHERE name = 'dev'")

    assert access.actor_of_session(workspace, secret, at=NOW) is None


def test_expired_sessions_are_forgotten_at_the_next_sign_in(workspace):
    give_password(workspace)
    _, old = sign_in(workspace)
    sign_in(workspace, at=NOW + timedelta(hours=13))

    assert sessions.get(workspace.cursor(), old.hash) is None


def test_a_password_kept_with_weaker_settings_is_hashed_anew(workspace, monkeypatch):
    give_password(workspace)
    before = people.password_hash(workspace.cursor(), "dev")
    sign_in(workspace)
    assert people.password_hash(workspace.cursor(), "dev") == before
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(2, 16, 1))

    sign_in(workspace)

    assert people.password_hash(workspace.cursor(), "dev") != before
    sign_in(workspace)


def test_a_damaged_hash_lets_nobody_in(workspace):
    with workspace.transaction() as tx:
        people.set_password(tx, "dev", "no hash at all")

    with pytest.raises(NotSignedIn):
        sign_in(workspace)


def test_one_click_signs_in_only_in_a_sample_workspace_on_loopback(sample):
    secret, session = access.sign_in_sample(sample, "app", at=NOW, loopback=True)

    assert session.via == "sample"
    assert whose(sample, secret).name == "app"
    with pytest.raises(NotAllowed, match="loopback"):
        access.sign_in_sample(sample, "app", at=NOW, loopback=False)
    with pytest.raises(NotSignedIn, match="no open account 'zoe'"):
        access.sign_in_sample(sample, "zoe", at=NOW, loopback=True)


def test_nobody_enters_a_real_workspace_without_a_password(workspace):
    with pytest.raises(NotAllowed, match="only a sample workspace"):
        access.sign_in_sample(workspace, "app", at=NOW, loopback=True)


def test_an_invitation_works_once_and_for_a_day(workspace):
    replaced = access.invite(workspace, "val", by=actor("adm"), at=NOW)
    secret = access.invite(workspace, "val", by=actor("adm"), at=NOW)
    with pytest.raises(NotSignedIn, match="used up or expired"):
        access.take_invitation(workspace, replaced, at=NOW)

    session_secret, session = access.take_invitation(workspace, secret, at=NOW)

    assert session.via == "invitation"
    assert whose(workspace, session_secret).name == "val"
    with pytest.raises(NotSignedIn, match="used up or expired"):
        access.take_invitation(workspace, secret, at=NOW)
    late = access.invite(workspace, "val", by=actor("adm"), at=NOW)
    with pytest.raises(NotSignedIn):
        access.take_invitation(workspace, late, at=NOW + timedelta(hours=24))
    with pytest.raises(NotSignedIn):
        access.take_invitation(workspace, "guess", at=NOW)


def test_an_invitation_of_an_account_closed_since_is_not_used_up_by_the_refusal(workspace):
    secret = access.invite(workspace, "val", by=actor("adm"), at=NOW)
    with workspace.transaction() as tx:
        tx.execute("UPDATE person SET active = false WHERE name = 'val'")

    with pytest.raises(NotSignedIn, match="no open account"):
        access.take_invitation(workspace, secret, at=NOW)


def test_an_invited_person_sets_a_password_and_stays_signed_in_here_only(workspace):
    here, _ = access.take_invitation(
        workspace, access.invite(workspace, "val", by=ROOT, at=NOW), at=NOW
    )
    there, _ = access.take_invitation(
        workspace, access.invite(workspace, "val", by=ROOT, at=NOW), at=NOW
    )
    val = whose(workspace, here)

    access.set_password(workspace, "val", PASSWORD, keep=here, by=val, at=NOW)

    assert access.actor_of_session(workspace, here, at=NOW) == val
    assert access.actor_of_session(workspace, there, at=NOW) is None
    sign_in(workspace, "val")


def test_changing_a_password_takes_the_present_one(workspace):
    dev = actor("dev")
    access.set_password(workspace, "dev", PASSWORD, by=dev, at=NOW)
    secret, _ = sign_in(workspace)
    foreign, _ = access.take_invitation(
        workspace, access.invite(workspace, "val", by=ROOT, at=NOW), at=NOW
    )

    for current in (None, "wrong"):
        with pytest.raises(NotAllowed, match="present password is wrong"):
            access.set_password(
                workspace, "dev", "another battery horse", current=current, by=dev, at=NOW
            )
    access.set_password(
        workspace,
        "dev",
        "another battery horse",
        current=PASSWORD,
        keep=foreign,
        by=dev,
        at=NOW,
    )

    assert access.actor_of_session(workspace, secret, at=NOW) is None
    assert access.actor_of_session(workspace, foreign, at=NOW) is not None
    sign_in(workspace, password="another battery horse")


def test_a_password_of_somebody_else_or_through_a_token_is_not_set(workspace):
    for by, name in ((actor("dev"), "val"), (actor("dev", via="token"), "dev")):
        with pytest.raises(NotAllowed):
            access.set_password(workspace, name, PASSWORD, by=by, at=NOW)
    with pytest.raises(NotFound, match="no person 'zoe'"):
        access.set_password(workspace, "zoe", PASSWORD, by=ROOT, at=NOW)


@pytest.mark.parametrize("password", ["", "elevenchars", "x" * 1025, "Dev-dev-dev-1"])
def test_a_weak_password_is_refused_in_a_sentence(workspace, password):
    with pytest.raises(InvalidInput, match="a password"):
        access.set_password(workspace, "dev", password, by=actor("dev"), at=NOW)
    assert not people.get(workspace.cursor(), "dev").has_password
