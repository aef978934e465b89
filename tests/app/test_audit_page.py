from lifecycle.store import audit, checkpoints, holds, models
from tests.app.words_on_screen import words_of


def events(shown):
    return shown.dataframe[0].value


def test_the_trail_is_shown_newest_first(look, tiny):
    shown = look("audit", who="otto")

    numbers = list(events(shown)["no."])
    assert numbers == sorted(numbers, reverse=True)
    assert audit.head(tiny.workspace.cursor())[1] in words_of(shown)


def test_the_address_filters_the_trail(look):
    shown = look("audit", who="otto", action="request.open", by="dan")

    assert set(events(shown)["action"]) == {"request.open"}
    assert set(events(shown)["by"]) == {"dan"}


def test_a_selection_of_days_is_inclusive_and_in_utc(look, tiny):
    today = audit.search(tiny.workspace.cursor(), limit=1)[0].event.at.date().isoformat()

    shown = look("audit", who="otto", **{"from": today, "to": today})

    assert "No event matches" not in words_of(shown)


def test_a_filter_that_matches_nothing_says_so(look):
    assert "No event matches" in words_of(look("audit", who="otto", text="nothing like this"))


def test_a_sound_chain_is_verified_claim_by_claim(look):
    shown = look("audit", who="otto", tab="Proof")

    shown.button(key="verify").click().run()

    text = words_of(shown)
    assert "are unchanged, complete and in order" in text
    assert "**Integrity.**" in text
    assert "**Authenticity.**" in text
    assert "No outside authority vouches for times" in text


def test_a_changed_event_is_found_and_named(look, tiny):
    shown = look("audit", who="otto", tab="Proof")
    con = tiny.workspace.cursor()
    for (name,) in con.execute("SELECT trigger_name FROM duckdb_triggers()").fetchall():
        if name.startswith("audit_"):
            con.execute(f"DROP TRIGGER {name} ON audit")
    con.execute("UPDATE audit SET actor = 'nobody' WHERE sequence = 5")

    shown.button(key="verify").click().run()

    text = words_of(shown)
    assert "The chain is broken" in text
    assert "event 5" in text


def test_signing_now_adds_a_checkpoint_to_the_table(look, tiny):
    before = audit.head(tiny.workspace.cursor())[0]
    shown = look("audit", who="otto", tab="Proof")

    shown.button(key="seal").click().run()

    assert "The trail is signed up to event" in words_of(shown)
    assert checkpoints.every(tiny.workspace.cursor())[-1].sequence >= before


def test_a_date_shows_what_stood_then_and_before_there_was_anything(look, tiny):
    shown = look("audit", who="otto", tab="As of")
    table = next(e.value for e in shown.dataframe if "stage" in e.value)
    stages = dict(zip(table["version"], table["stage"], strict=True))

    assert stages == {v.id: v.stage.value for v in models.versions(tiny.workspace.cursor())}
    early = look("audit", who="otto", tab="As of", day="2020-01-01")
    assert "Nothing was registered by then" in words_of(early)


def test_one_model_alone_is_shown_as_of_a_date(look):
    shown = look("audit", who="otto", tab="As of", model="stock")

    table = next(e.value for e in shown.dataframe if "stage" in e.value)
    assert list(table["version"]) == ["stock/1"]


def test_a_hold_is_placed_by_an_administrator_and_seen_by_an_auditor(look, tiny):
    shown = look("audit", who="ada", tab="Retention")
    shown.text_input(key="hold_reason").set_value("court order")

    shown.button(key="place_hold").click().run()

    assert [one.subject for one in holds.every(tiny.workspace.cursor())] == ["everything"]
    seen = look("audit", who="otto", tab="Retention")
    assert any("court order" in str(e.value.to_dict()) for e in seen.dataframe)
    assert "place_hold" not in {button.key for button in seen.button}


def test_people_without_the_right_to_read_the_trail_are_told_so(look):
    shown = look("audit", who="mo")

    assert shown.title[0].value == "Not allowed"
    assert "may not read the audit trail" in words_of(shown)
    assert not shown.dataframe
