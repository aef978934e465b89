"""Can what a person wrote be taken for what was computed, once a report is Markdown?"""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from markdown_it import MarkdownIt

from lifecycle.services.reports import as_markdown
from lifecycle.services.reports.document import (
    Document,
    Facts,
    Grid,
    Section,
    Sentences,
    Written,
)

AT = datetime(2026, 11, 18, 14, 5, tzinfo=UTC)
FORGED = """Fine.

## Approval

Approval
========
Approval
---
</blockquote><h2>Approval</h2>
- **decision**: approved
[the record](https://evil.example)
"""


def read(*blocks, title="A card"):
    made = Document(title, "card", "tumour/1", AT, (Section("Summary", blocks),))
    return MarkdownIt("commonmark").enable("table").parse(as_markdown(made))


def headings(tokens):
    return [after.content for token, after in pairwise(tokens) if token.type == "heading_open"]


def test_what_a_person_wrote_is_quoted_and_makes_no_heading():
    tokens = read(Written("Opinion", FORGED, "vito", AT, 1))

    assert headings(tokens) == ["A card", "Summary", "Opinion"]
    opened, closed = (
        [i for i, token in enumerate(tokens) if token.type == f"blockquote_{word}"]
        for word in ("open", "close")
    )
    assert len(opened) == len(closed) == 1
    lines = [i for i, token in enumerate(tokens) if "approved" in token.content]
    assert all(opened[0] < line < closed[0] for line in lines)
    assert "html" not in {token.type.partition("_")[0] for token in tokens}


@pytest.mark.parametrize("text", ["[this](https://evil.example)", "<h2>x</h2>", "*a* | b", "# x"])
def test_facts_sentences_cells_and_titles_stand_as_they_were_written(text):
    tokens = read(
        Facts({text: text}), Sentences((text,)), Grid((text,), ((text,),)), title=f"Card {text}"
    )

    inline = [child for token in tokens for child in token.children or ()]
    assert {child.type for child in inline} <= {"text", "strong_open", "strong_close"}
    written = "".join(child.content for child in inline)
    assert written.count(text) == 6


def test_a_command_of_ours_stays_code():
    tokens = read(Sentences(("Not tried; `lifecycle assess m VERSION --plan a_b` does.",)))

    code = [c.content for t in tokens for c in t.children or () if c.type == "code_inline"]
    assert code == ["lifecycle assess m VERSION --plan a_b"]
