"""Texts that people typed: whether there is anything to read, and how to show it harmlessly."""

import unicodedata

JOINING = "\u200c\u200d"
"""Characters without a shape that Persian, Hindi and others are not written right without."""


def blank(text: str) -> bool:
    """Tell whether nothing in a text can be seen: spaces, controls and formats alone."""
    return all(unicodedata.category(character)[0] in "CZ" for character in text)


def visible(text: str) -> str:
    r"""Write what would act on a terminal instead of being seen as an escape, such as ``\u001b``.

    Lines, tabs and what joins letters stay. Within JSON the escapes mean what they stand for.
    """
    return "".join(character if _harmless(character) else _escaped(character) for character in text)


def _harmless(character: str) -> bool:
    kept = character in "\n\t" or character in JOINING
    return kept or unicodedata.category(character) not in {"Cc", "Cf", "Cs"}


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))
