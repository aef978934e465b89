"""Can every report be written as PDF, whatever people wrote, and is what they wrote drawn?"""

import base64
import re
import zlib
from datetime import UTC, datetime

import pytest

from lifecycle.services.reports import as_pdf
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
    return [" ".join(re.findall(r"\((.*?)(?<!\\)\) Tj", page)) for page in drawn]


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
