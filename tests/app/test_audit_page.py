from lifecycle.store import audit
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
    today = audit.links(tiny.workspace.cursor())[-1].event.at.date().isoformat()

    shown = look("audit", who="otto", **{"from": today, "to": today})

    assert "No event matches" not in words_of(shown)


def test_a_filter_that_matches_nothing_says_so(look):
    assert "No event matches" in words_of(look("audit", who="otto", text="nothing like this"))


def test_a_sound_chain_is_verified(look):
    shown = look("audit", who="otto")

    shown.button(key="verify").click().run()

    assert "are unchanged, complete and in order" in words_of(shown)


def test_a_changed_event_is_found_and_named(look, tiny):
    shown = look("audit", who="otto")
    con = tiny.workspace.cursor()
    for (name,) in con.execute("SELECT trigger_name FROM duckdb_triggers()").fetchall():
        if name.startswith("audit_"):
            con.execute(f"DROP TRIGGER {name} ON audit")
    con.execute("UPDATE audit SET actor = 'nobody' WHERE sequence = 5")

    shown.button(key="verify").click().run()

    text = words_of(shown)
    assert "The chain is broken" in text
    assert "event 5" in text


def test_people_without_the_right_to_read_the_trail_are_told_so(look):
    shown = look("audit", who="mo")

    assert shown.title[0].value == "Not allowed"
    assert "may not read the audit trail" in words_of(shown)
    assert not shown.dataframe
