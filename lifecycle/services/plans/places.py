"""Where in a YAML text something stands: the line of every key and item."""

from typing import Any

import yaml

from lifecycle.errors import InvalidInput


class Misplaced(InvalidInput):
    """Something in a plan cannot be used; ``at`` is the path to it."""

    def __init__(self, at: str, sentence: str) -> None:
        super().__init__(sentence)
        self.at = at


def lines(text: str) -> dict[str, int]:
    """Return the line of each path in a YAML text, such as ``limits.accuracy``, from 1.

    Raises
    ------
    yaml.YAMLError
        The text is no YAML.
    Misplaced
        A key occurs twice; YAML would silently keep the last.
    """
    found: dict[str, int] = {}
    _walk(yaml.compose(text, Loader=yaml.SafeLoader), path="", found=found)
    return found


def line_of(path: str, known: dict[str, int]) -> int | None:
    """Return the line of a path, or of what it lies in."""
    while path and path not in known:
        cut = max(path.rfind("."), path.rfind("["))
        path = path[: max(cut, 0)]
    return known.get(path)


def _walk(node: Any, *, path: str, found: dict[str, int]) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            at = f"{path}.{key.value}" if path else str(key.value)
            line = key.start_mark.line + 1
            if at in found:
                raise Misplaced(at, f"{at} stands there twice, in lines {found[at]} and {line}")
            found[at] = line
            _walk(value, path=at, found=found)
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            at = f"{path}[{number}]"
            found[at] = item.start_mark.line + 1
            _walk(item, path=at, found=found)
