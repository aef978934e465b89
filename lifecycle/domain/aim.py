"""Which answer would be better: a range of numbers, written as a person would write it."""

import math
from dataclasses import dataclass

from lifecycle.errors import InvalidInput

BETWEEN = ".."


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from one on, up to one, or between two; both ends belong to it."""

    least: float = -math.inf
    most: float = math.inf

    def __contains__(self, value: float) -> bool:
        return self.least <= value <= self.most

    @property
    def words(self) -> str:
        """The range in a sentence's part."""
        if self.least == -math.inf:
            return f"{self.most:g} or less"
        if self.most == math.inf:
            return f"{self.least:g} or more"
        return f"{self.least:g} to {self.most:g}"


def range_of(text: str) -> Range:
    """Read ``10..20``, ``10..`` or ``..20``.

    Raises
    ------
    InvalidInput
        It is no range, or an empty one.
    """
    left, between, right = (part.strip() for part in text.partition(BETWEEN))
    refusal = f"a range of answers is written as 10..20, 10.. or ..20, not {text!r}"
    if not between or not (left or right):
        raise InvalidInput(refusal)
    try:
        found = Range(*(float(part or edge) for part, edge in ((left, "-inf"), (right, "inf"))))
    except ValueError as error:
        raise InvalidInput(refusal) from error
    if not found.least <= found.most or found.least == math.inf or found.most == -math.inf:
        raise InvalidInput(f"no number lies in {text!r}")
    return found
