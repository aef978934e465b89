"""Does a signature ask again, and does only the right answer count?"""

from datetime import datetime, timedelta

import pytest
from furniture import NOW, actor

from lifecycle.domain.person import Session
from lifecycle.errors import NotSignedIn, TooManyAttempts
from lifecycle.services import access
from lifecycle.services.access.passwords import fingerprint
from lifecycle.store import audit, sessions

PASSWORD = "correct horse battery"


@pytest.fixture
def ready(workspace):
    access.set_password(workspace, "app", PASSWORD, by=actor("app"), at=NOW)
    return workspace


def begin(workspace, person="app", *, via="oidc", at=NOW, proved: datetime | None = NOW):
    session = Session(fingerprint("secret"), person, via, at, at + timedelta(hours=1), proved)
    with workspace.transaction() as tx:
        sessions.add(tx, session)
    return "secret"


def test_the_right_password_confirms_at_every_door_but_a_wrong_one_never(ready):
    for via in ("session", "token", "oidc"):
        asked = actor("app", via=via)
        assert access.confirm(ready, by=asked, at=NOW, password=PASSWORD).method == "password"
        for wrong in ("", "another one entirely"):
            with pytest.raises(NotSignedIn):
                access.confirm(ready, by=asked, at=NOW, password=wrong)
    assert audit.search(ready.cursor(), limit=1)[0].event.action == "session.refused"


def test_somebody_elses_password_does_not_confirm(ready):
    with pytest.raises(NotSignedIn, match="nothing was signed"):
        access.confirm(ready, by=actor("app2"), at=NOW, password=PASSWORD)


def test_guessing_is_stopped_even_before_the_right_one(ready):
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            access.confirm(ready, by=actor("app"), at=NOW, password="guess number x")
    with pytest.raises(TooManyAttempts):
        access.confirm(ready, by=actor("app"), at=NOW, password=PASSWORD)


def test_only_a_fresh_sign_in_of_the_same_person_at_the_provider_will_do_instead(ready):
    secret = begin(ready)
    soon, late = NOW + timedelta(minutes=4), NOW + timedelta(minutes=5)
    by = actor("app", via="oidc")

    assert access.confirm(ready, by=by, at=soon, session=secret).method == "oidc"
    for at, who, given in [(late, "app", secret), (soon, "app2", secret), (soon, "app", "other")]:
        with pytest.raises(NotSignedIn):
            access.confirm(ready, by=actor(who, via="oidc"), at=at, session=given)


def test_a_sign_in_the_provider_only_remembered_is_not_fresh(ready):
    secret = begin(ready, proved=None)

    with pytest.raises(NotSignedIn):
        access.confirm(ready, by=actor("app", via="oidc"), at=NOW, session=secret)


def test_a_session_by_password_or_link_is_no_fresh_sign_in(ready):
    secret = begin(ready, via="invitation")

    with pytest.raises(NotSignedIn):
        access.confirm(ready, by=actor("app", via="invitation"), at=NOW, session=secret)


def test_in_a_sample_nothing_is_asked_and_the_method_says_so(sample, workspace):
    assert access.confirm(sample, by=actor("app", via="sample"), at=NOW).method == "sample"
    with pytest.raises(NotSignedIn):
        access.confirm(workspace, by=actor("app", via="sample"), at=NOW)
