import csv
import io
from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app import session, widgets, words
from lifecycle.domain.job import JobState
from lifecycle.domain.measurement import Measurement, State, Window
from lifecycle.domain.rules import Outcome
from lifecycle.services import registry
from lifecycle.store import models
from tests.app.tiny_workspace import person

AT = datetime(2026, 11, 18, 14, 5, tzinfo=UTC)


def test_a_measurement_is_written_with_interval_and_size():
    auc = Measurement("roc_auc", 0.8123, State.OK, interval=(0.79, 0.8311), n=12_403)

    assert words.measured(auc) == "0.812 (0.790\N{EN DASH}0.831), n 12,403"


def test_a_measurement_without_a_value_gives_its_reason():
    missing = Measurement("ks", None, State.INSUFFICIENT, reason="fewer than 200 rows")

    assert words.measured(missing) == "fewer than 200 rows"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "\N{EN DASH}"),
        (0.0, "0"),
        (0.5, "0.500"),
        (1.0, "1"),
        (12_403, "12,403"),
        (0.00123, "0.00123"),
        (41.26, "41.3"),
        (-0.25, "-0.250"),
        (123_456.7, "123,457"),
    ],
)
def test_numbers_keep_three_or_four_significant_digits(value, text):
    assert words.number(value) == text


def test_times_name_their_zone():
    assert words.moment(AT) == "18 Nov 2026, 14:05 UTC"
    assert words.day(AT) == "18 Nov 2026"
    week = Window(datetime(2026, 11, 11, tzinfo=UTC), datetime(2026, 11, 18, tzinfo=UTC))
    assert words.window(week) == "7 days to 17 Nov 2026"


@pytest.mark.parametrize("state", [*State, *Outcome, *JobState])
def test_every_state_has_an_icon_a_word_and_a_colour(state):
    shown = words.mark(state)

    assert words.badge(state) == f":{shown.color}-badge[{shown.icon} {shown.word}]"
    assert words.cell(state).endswith(shown.word)


@pytest.mark.parametrize(
    ("seconds", "text"), [(40, "40 s"), (200, "3 min"), (9000, "2.5 h"), (0, "0 s")]
)
def test_a_duration_is_written_in_its_largest_fitting_unit(seconds, text):
    assert words.duration(seconds) == text


def test_an_export_cannot_smuggle_formulas_into_a_spreadsheet():
    at = pd.Timestamp("2026-11-18 14:05", tz="UTC")
    frame = pd.DataFrame(
        {"by": ["=HYPERLINK(1)", None], "=value": [-1.5, float("nan")], "at": [at, pd.NaT]}
    )

    first, second = csv.DictReader(io.StringIO(widgets._csv(frame).decode()))

    assert first == {
        "by": "'=HYPERLINK(1)",
        "'=value": "-1.5",
        "at": "2026-11-18 14:05:00+00:00",
    }
    assert set(second.values()) == {""}


@pytest.fixture
def script(process):
    """Return a function that runs a few lines of a page on the tiny workspace."""
    with session.serving(replace(process, acting=person("dan"))):

        def run(text, **params):
            prepared = "import streamlit as st\nfrom app import session, widgets, words\n" + text
            shown = AppTest.from_string(prepared, default_timeout=20)
            for name, value in params.items():
                shown.query_params[name] = value
            return shown.run()

        yield run


PICK = "model, version = widgets.pick_version()\nst.write(version.id)"


@pytest.fixture
def second(tiny):
    version = models.version(tiny.workspace.cursor(), "credit", "1")
    registry.add_version(
        tiny.workspace, "credit", "2", columns=version.columns, by=person("dan"), at=session.now()
    )


def test_the_newest_version_is_picked_where_none_is_in_production(script, second):
    assert script(PICK).markdown[-1].value == "credit/2"


def test_the_address_picks_model_and_version(script, second):
    assert script(PICK, model="credit", version="1").markdown[-1].value == "credit/1"
    assert script(PICK, model="stock").markdown[-1].value == "stock/1"


def test_an_unknown_model_or_version_in_the_address_falls_back(script, second):
    assert script(PICK, model="nothing", version="9").markdown[-1].value == "credit/2"


def test_choosing_another_model_leaves_the_other_ones_version_behind(script, second):
    shown = script(PICK, model="credit", version="2")

    shown.selectbox(key="model").set_value("stock").run()

    assert not shown.exception
    assert shown.markdown[-1].value == "stock/1"


def test_a_refusal_is_one_sentence_with_what_it_means_for_the_data(script):
    shown = script(
        "from lifecycle.errors import Conflict\n"
        "with widgets.refusals():\n    raise Conflict('somebody was faster')"
    )

    assert shown.error[0].value == "**Conflict.** Somebody was faster. Nothing was changed."


def test_a_number_explains_itself_from_the_catalogue(script):
    shown = script(
        "from lifecycle.domain.measurement import Measurement, State\n"
        "m = Measurement('psi', 0.3, State.BREACH, column='age', n=900, n_reference=5000,"
        " limit=0.2, resolution=0.01, p_adjusted=0.0004)\n"
        "widgets.explain_number('psi', measurement=m, evidence='ev-1')"
    )

    assert not shown.exception
    assert "PSI" in shown.markdown[0].value or "stability" in shown.markdown[0].value.lower()
    assert "ev-1" in shown.markdown[-1].value


def test_a_look_back_ends_with_the_day_of_the_last_row(script):
    shown = script(
        "from datetime import UTC, datetime\n"
        "w = widgets.pick_window(datetime(2026, 11, 18, 9, tzinfo=UTC), default='4 weeks')\n"
        "st.write(words.window(w))"
    )

    assert shown.markdown[-1].value == "28 days to 18 Nov 2026"


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("late_payments, 0.81 (0.79), 14:05", "late_payments, 0.81 (0.79), 14:05"),
        ("[sign in](https://evil.example)", r"\[sign in\](https\://evil.example)"),
        (":red[breach] :material/error:", r"\:red\[breach\] \:material\/error:"),
        ("# big\n- one\n1. two", "\\# big  \n\\- one  \n1\\. two"),
        ("    code <b> & $x$", r"code \<b\> \& \$x\$"),
        ("__a__ ~b~ :smile:", "\\_\\_a\\_\\_ \\~b\\~ :\N{WORD JOINER}smile:"),
        ("https://a.example/x?y&z", r"https\://a.example/x?y\&z"),
        ("a\N{NO-BREAK SPACE}b\x1b", "a b\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_what_somebody_typed_is_written_as_the_text_it_is(typed, written):
    assert words.said(typed) == written


def test_a_sentence_of_ours_keeps_its_commands_and_bold_words_and_no_other_markup():
    sentence = "**Not found.** Run `lifecycle add [x](y)` for [this](https://evil.example)."

    assert words.told(sentence) == (
        r"**Not found.** Run `lifecycle add [x](y)` for \[this\](https\://evil.example)."
    )
    assert words.told("**[this](https://evil.example)**") == (
        r"**\[this\](https\://evil.example)**"
    )
    assert words.told("a*b*c `d") == r"a\*b\*c \`d"


def test_a_chart_stands_under_its_message_as_text_and_keeps_it_for_its_exports(script):
    shown = script(
        "from lifecycle.charts import theme\n"
        "message = 'The rate of [a](b) is 0.2, ' + 'and so on ' * 8\n"
        "figure = theme.figure([], title=message, x={}, y={})\n"
        "widgets.chart(figure, name='rate', alt=message)"
    )

    assert shown.markdown[0].value.startswith(r"**The rate of \[a\](b) is 0.2, and so on")
    (drawn,) = shown.get("plotly_chart")
    assert "The rate of [a](b) is 0.2, and so on" in drawn.proto.spec
