"""How a text is written with the letters that a file's fonts have."""

import re
import unicodedata
from collections.abc import Callable

_PAIRS = """
а a б b в v г g д d е e ж zh з z и i й y к k л l м m н n о o п p р r с s т t у u ф f х kh ц ts ч ch
ш sh щ shch ъ ' ы y ь ' э e ю yu я ya ё yo є ye і i ї yi ґ g ў u ђ dj ѓ gj ѕ dz ј j љ lj њ nj ћ c
ќ kj џ dzh ł l đ d ħ h ı i ŋ ng ə e ŧ t
"""  # noqa: RUF001 -- it is about letters that look alike
SPELLED = dict(zip(_PAIRS.split()[::2], _PAIRS.split()[1::2], strict=True)) | {
    "\N{HYPHEN}": "-",
    "\N{NON-BREAKING HYPHEN}": "-",
}
"""Letters no decomposition reaches, as they are spelled in Latin ones: Cyrillic the way of
BGN/PCGN (1947 and later), and a few of Central Europe, Turkey and Azerbaijan."""

UNKNOWN = "\0"
"""Stands for a letter that has no spelling, until such letters are counted."""


def written(text: str) -> str:
    """Return a text without what is never drawn, its accents joined to their letters."""
    seen = (" " if unicodedata.category(c) == "Zs" else c for c in text)
    kept = "".join(c for c in seen if c.isprintable() or c in "\n\t")
    return unicodedata.normalize("NFC", kept)


def spelled(text: str, *, has: Callable[[str], bool]) -> str:
    """Write a text with the letters that there are.

    Parameters
    ----------
    has
        Whether there is a letter.

    Notes
    -----
    What is lacking is spelled in Latin letters or loses its accents; a sign is named in brackets,
    and letters that cannot be spelled are counted in brackets.
    """
    spelt = "".join(c if c in "\n\t" or has(c) else _spelling(c, has) for c in text)
    return re.sub(f"{UNKNOWN}+(?: {UNKNOWN}+)*", _counted, spelt)


def _spelling(letter: str, has: Callable[[str], bool]) -> str:
    found = SPELLED.get(letter)
    if found is None and letter.lower() in SPELLED:
        found = SPELLED[letter.lower()].capitalize()
    if found is not None:
        return found
    kind = unicodedata.category(letter)
    if kind.startswith("M") or kind == "Sk":
        return ""
    parts = unicodedata.normalize("NFKD", letter)
    if parts != letter:
        return "".join(part if has(part) else _spelling(part, has) for part in parts)
    if kind[0] in "SP":
        return f"[{unicodedata.name(letter, 'a sign').lower()}]"
    return UNKNOWN


def _counted(run: re.Match[str]) -> str:
    count = run[0].count(UNKNOWN)
    return f"[{count} letter{'' if count == 1 else 's'}]"
