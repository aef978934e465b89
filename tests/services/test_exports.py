import csv
import io
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.services.exports import as_csv


def read(text):
    return list(csv.reader(io.StringIO(text, newline="")))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_keeps_all_its_digits(value):
    _, (cell,) = read(as_csv(["value"], [[value]]))

    assert float(cell) == value


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "＝1"])  # noqa: RUF001 -- a wide sign
def test_neither_a_cell_nor_a_header_begins_a_formula(text):
    (header,), (cell,) = read(as_csv([text], [[text]]))

    assert header == cell == f"'{text}".replace("\r", "\n")


def test_nothing_is_empty_and_lists_are_json():
    _, row = read(as_csv("abcd", [[None, ["=1", 2], {"x": None}, np.float64(0.1)]]))

    assert row[0] == ""
    assert json.loads(row[1]) == ["=1", 2]
    assert json.loads(row[2]) == {"x": None}
    assert float(row[3]) == 0.1


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2)))
def test_every_text_comes_back_but_for_the_apostrophe(rows):
    _, *back = read(as_csv(["a", "b"], rows))

    assert len(back) == len(rows)
    for row, found in zip(rows, back, strict=True):
        meant = [cell.replace("\r\n", "\n").replace("\r", "\n") for cell in row]
        assert [c.removeprefix("'") for c in found] == [c.removeprefix("'") for c in meant]
