"""Can every report be written as PDF, whatever people wrote, and is what they wrote drawn?"""

import base64
import re
import zlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.services.reports import as_pdf, letters
from lifecycle.services.reports.document import (
    Document,
    Facts,
    Grid,
    Section,
    Sentences,
    Written,
)

AT = datetime(2026, 11, 18, 14, 5, tzinfo=UTC)
LONG = "word " * 1_800
"""9,000 characters: more than a page holds in the cell of a table."""


def made(*blocks, title="A card"):
    return Document(title, "card", "tumour/1", AT, (Section("Summary", blocks),))


def pages(document):
    """Return the text each page draws, read from the page descriptions of the file."""
    streams = re.findall(rb"stream\r?\n(.*?)endstream", as_pdf(document), re.DOTALL)
    drawn = [zlib.decompress(base64.a85decode(s.strip()[:-2])).decode("latin-1") for s in streams]
    said = [" ".join(re.findall(r"\((.*?)(?<!\\)\) Tj", page)) for page in drawn]
    plain = [re.sub(r"\\([()\\])", r"\1", page) for page in said]
    return [re.sub(r"\\(\d{3})", lambda code: chr(int(code[1], 8)), page) for page in plain]


@pytest.mark.parametrize(
    "block",
    [
        Facts({"rationale": LONG, "by": "vito"}),
        Grid(("statistic", "why"), (("auc", LONG), ("ks", LONG))),
        Sentences((LONG,)),
        Written("Opinion", LONG, "vito", AT, 1),
    ],
    ids=lambda block: type(block).__name__,
)
def test_a_text_longer_than_a_page_is_drawn_to_its_last_word(block):
    words = sum(part.count("word") for part in pages(made(block)))

    assert words == (3_600 if isinstance(block, Grid) else 1_800)


def test_a_word_longer_than_a_page_is_drawn_whole():
    drawn = pages(made(Facts({"key": "w" * 9_000})))

    assert sum(part.count("w") for part in drawn) == 9_000


@pytest.mark.parametrize("block", [Facts({}), Grid(("why",), ()), Grid((), ()), Sentences(())])
def test_a_block_of_nothing_leaves_the_rest_as_it_is(block):
    assert "after" in pages(made(block, Sentences(("after",))))[0]


def test_what_the_fonts_hold_is_drawn_as_it_was_written():
    for text in ("Größe, déjà vu, 20 €", "a\N{NO-BREAK SPACE}b", "cafe\N{COMBINING ACUTE ACCENT}"):
        (drawn,) = pages(made(Sentences((text,))))

        assert "lack" not in drawn


def test_signs_and_greek_come_from_the_symbol_font_every_reader_has():
    (page,) = pages(made(Sentences(("\N{GREEK SMALL LETTER ALPHA} ≥ β → ∞",))))

    assert "a" in page.split()
    assert "lack" not in page


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("Щука Ёлка", "Shchuka Yolka"),
        ("Łódź č ş İ", "Lódz c s I"),
        ("ﬁne \N{FULLWIDTH DIGIT TWO}", "fine 2"),
        ("你好 世界", "[4 letters]"),
        ("go 🚀", "go [rocket]"),
        ("👍🏽", "[thumbs up sign]"),
    ],
)
def test_letters_the_fonts_lack_are_spelled_named_or_counted_and_the_page_says_so(text, drawn):
    (page,) = pages(made(Sentences((text,))))

    assert drawn in page
    assert "fonts of this PDF lack" in page


@given(st.text())
def test_any_text_is_spelled_in_letters_there_are(text):
    spelt = letters.spelled(letters.written(text), has=str.isascii)

    assert spelt.replace("\n", "").replace("\t", "").isprintable()
    assert spelt.isascii()
    assert letters.spelled(spelt, has=str.isascii) == spelt


@given(st.text(st.characters(max_codepoint=126, min_codepoint=32)))
def test_a_text_of_letters_there_are_stays(text):
    assert letters.spelled(letters.written(text), has=str.isascii) == text
