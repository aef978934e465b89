"""Are tiny numbers and times in tables written so that nobody misreads them?"""

from datetime import UTC, datetime

import pandas as pd

from app.columns import formats


def test_a_column_with_a_tiny_number_is_written_by_its_digits():
    frame = pd.DataFrame({"value": [3.6e-15, 0.77], "n": [500, 500], "limit": [None, 0.1]})

    assert formats(frame)["value"]["type_config"]["format"] == "%.6g"
    assert set(formats(frame)) == {"value"}


def test_zeros_and_usual_numbers_are_left_to_the_table():
    assert formats(pd.DataFrame({"value": [0.0, 0.0001, 12.5], "who": ["a", "b", None]})) == {}


def test_a_table_without_rows_needs_no_formats():
    assert formats(pd.DataFrame()) == {}


def test_times_are_in_utc():
    at = pd.DataFrame({"at": [datetime(2026, 11, 18, tzinfo=UTC)]})

    assert formats(at)["at"]["type_config"]["timezone"] == "UTC"
