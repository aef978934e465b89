"""Is an invisible text blank, and does nothing that was typed act on a terminal?"""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.domain.texts import blank, visible


@pytest.mark.parametrize(
    "text", ["", " ", "\n\t", "\u200b", "\u202e\u2066", "\x00\x1b", "\u00ad\ufeff"]
)
def test_what_nobody_can_see_is_blank(text):
    assert blank(text)
    assert not blank(f"{text}.")


def test_what_acts_on_a_terminal_is_shown_as_an_escape():
    typed = "ok\x1b[31m\x9b2J\u202e<b>\r\x00"

    assert visible(typed) == "ok\\u001b[31m\\u009b2J\\u202e<b>\\u000d\\u0000"


def test_lines_tabs_and_scripts_that_join_letters_stay_as_they_are():
    typed = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645\n\tna\u00efve \N{GRINNING FACE}"

    assert visible(typed) == typed


@given(st.text(st.characters()))
def test_nothing_that_acts_is_left_and_in_json_it_means_the_same(typed):
    shown = visible(typed)

    left = [c for c in shown if unicodedata.category(c) in {"Cc", "Cf", "Cs"}]
    assert set(left) <= set("\n\t\u200c\u200d")
    assert json.loads(visible(json.dumps(typed, ensure_ascii=False))) == typed
