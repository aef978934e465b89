"""What a rule between the columns of one row says, read by a closed grammar; nothing is executed.

::

    rule       = either
    either     = both ("or" both)*
    both       = negation ("and" negation)*
    negation   = "not" negation | comparison
    comparison = sum (("<" | "<=" | ">" | ">=" | "=" | "==" | "!=") sum | "is" ["not"] "missing")?
    sum        = product (("+" | "-") product)*
    product    = factor (("*" | "/") factor)*
    factor     = "-" factor | number | 'text' | column | "column" | "(" either ")"

A column whose name is no plain word stands in double quotes, a text in single ones.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from lifecycle.errors import InvalidInput

TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
      | (?P<text>'(?:[^']|'')*')
      | (?P<quoted>"(?:[^"]|"")+")
      | (?P<word>[^\W\d]\w*)
      | (?P<sign><=|>=|==|!=|[-+*/()<>=])
    )""",
    re.VERBOSE,
)
COMPARISONS = ("<", "<=", ">", ">=", "=", "==", "!=")
KEYWORDS = frozenset({"and", "or", "not", "is", "missing"})
DEEPEST = 30
"""Brackets and signs may nest so far; a rule of a person nests two or three."""


@dataclass(frozen=True, slots=True)
class Name:
    """A column of the row."""

    column: str


@dataclass(frozen=True, slots=True)
class Value:
    """A number or a text as it stands in the rule."""

    value: float | str


@dataclass(frozen=True, slots=True)
class Negated:
    """``not`` of a truth, or minus of a number."""

    operator: str
    part: "Node"


@dataclass(frozen=True, slots=True)
class Joined:
    """Two parts and what stands between them: arithmetic, a comparison, ``and`` or ``or``."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Missing:
    """Whether a part has no value."""

    part: "Node"


Node: TypeAlias = Name | Value | Negated | Joined | Missing


@dataclass(frozen=True, slots=True)
class RowRule:
    """A rule that every row must keep.

    Parameters
    ----------
    text
        As it was written.
    """

    text: str
    node: Node

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it names, each once, in order."""
        return tuple(dict.fromkeys(_names(self.node)))


def parse_rule(text: str) -> RowRule:
    """Read a rule.

    Raises
    ------
    InvalidInput
        The text is no rule; the sentence gives the place.
    """
    return RowRule(text, _Reader(text).whole())


def _names(node: Node) -> list[str]:
    if isinstance(node, Name):
        return [node.column]
    if isinstance(node, Value):
        return []
    parts = (node.left, node.right) if isinstance(node, Joined) else (node.part,)
    return [name for part in parts for name in _names(part)]


class _Reader:
    """Reads tokens from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._either()
        if self._kind() != "end":
            raise self._refuse("the end of the rule")
        if not _is_truth(node):
            raise InvalidInput(f"rule {self._text!r} compares nothing; write such as a <= b")
        return node

    def _either(self) -> Node:
        return self._chain(self._both, "or")

    def _both(self) -> Node:
        return self._chain(self._negation, "and")

    def _negation(self) -> Node:
        if self._take("not"):
            return Negated("not", self._deeper(self._negation))
        return self._comparison()

    def _comparison(self) -> Node:
        left = self._sum()
        if self._take("is"):
            negated = self._take("not")
            if not self._take("missing"):
                raise self._refuse("missing")
            return Negated("not", Missing(left)) if negated else Missing(left)
        operator = self._take(*COMPARISONS)
        if operator is None:
            return left
        return Joined("=" if operator == "==" else operator, left, self._sum())

    def _sum(self) -> Node:
        return self._chain(self._product, "+", "-")

    def _product(self) -> Node:
        return self._chain(self._factor, "*", "/")

    def _factor(self) -> Node:
        if self._take("-"):
            return Negated("-", self._deeper(self._factor))
        if self._take("("):
            inner = self._deeper(self._either)
            if not self._take(")"):
                raise self._refuse("a closing bracket")
            return inner
        kind, text = self._kind(), self._tokens[self._at][1]
        if kind in {"end", "sign"} or text in KEYWORDS:
            raise self._refuse("a column, a number or a text in single quotes")
        self._at += 1
        if kind == "number":
            return Value(float(text))
        if kind == "text":
            return Value(text[1:-1].replace("''", "'"))
        return Name(text[1:-1].replace('""', '"') if kind == "quoted" else text)

    def _chain(self, part: Callable[[], Node], *operators: str) -> Node:
        node = part()
        while operator := self._take(*operators):
            node = Joined(operator, node, part())
        return node

    def _deeper(self, part: Callable[[], Node]) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            raise InvalidInput(f"a rule nests more than {DEEPEST} levels deep")
        node = part()
        self._depth -= 1
        return node

    def _kind(self) -> str:
        return self._tokens[self._at][0]

    def _take(self, *wanted: str) -> str | None:
        kind, text = self._tokens[self._at]
        if kind not in {"word", "sign"} or text not in wanted:
            return None
        self._at += 1
        return text

    def _refuse(self, wanted: str) -> InvalidInput:
        kind, text = self._tokens[self._at]
        found = "its end" if kind == "end" else repr(text)
        return InvalidInput(f"rule {self._text!r}: expected {wanted}, found {found}")


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    at, text = 0, text.rstrip()
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise InvalidInput(f"rule {text!r}: {text[at:].lstrip()[0]!r} is not part of a rule")
        tokens.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return [*tokens, ("end", "")]


def _is_truth(node: Node) -> bool:
    """Tell whether a part is true or false by its form; a column alone is not."""
    if isinstance(node, Joined):
        if node.operator in {"and", "or"}:
            return all(isinstance(n, Name) or _is_truth(n) for n in (node.left, node.right))
        return node.operator in COMPARISONS
    if isinstance(node, Negated):
        return node.operator == "not" and (isinstance(node.part, Name) or _is_truth(node.part))
    return isinstance(node, Missing)
