"""How a text stands in Markdown as it was written: no markup of its own but its code."""

import re

MARKUP = r"[\\`*\[\]<>~&|]|(?<![^\W_])_|_(?![^\W_])"
"""What Markdown makes links, emphasis, tables and HTML of, within a line."""

OPENING = re.compile(r"^(\d*)([#+=.)-])(?=[\s#=-]|$)", re.MULTILINE)
"""What begins a heading, a list or a rule."""

CODE = re.compile(r"\\`([^`\n]+?)\\`")
"""A command or an id between backticks, after it was escaped."""

HEADING = re.compile(r"^(\s*)(#|=+\s*$|-+\s*$)", re.MULTILINE)
"""What makes a heading of a line: a mark before it, or a rule below it."""


def plain(text: str) -> str:
    """Write a sentence on one line; code between backticks stays code."""
    escaped = re.sub(MARKUP, r"\\\g<0>", " ".join(text.split()))
    return with_code(OPENING.sub(r"\1\\\2", escaped))


def with_code(escaped: str) -> str:
    """Give what stands between backticks back its letters."""
    return CODE.sub(lambda found: "`" + re.sub(r"\\(.)", r"\1", found[1]) + "`", escaped)


def quoted(text: str) -> str:
    """Write a person's text as a quotation, with its lists and links but no heading and no HTML."""
    safe = HEADING.sub(r"\1\\\2", re.sub(r"<(?!https?://)", "&lt;", text))
    return "\n".join(f"> {line}".rstrip() for line in safe.splitlines())
