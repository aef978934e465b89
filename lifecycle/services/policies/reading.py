"""From YAML to a policy: what is wrong is said with its line and key."""

import re
from collections.abc import Iterator
from typing import Any, cast

import yaml

from lifecycle.domain.policy import Policy
from lifecycle.domain.policy_text import parse
from lifecycle.errors import InvalidInput

LARGEST = 200_000
"""Characters; a policy is read by people."""


def read(content: str) -> Policy:
    """Read a policy from YAML without publishing it.

    Raises
    ------
    InvalidInput
        It is no YAML, repeats a key, uses aliases, or says something the grammar does not know.
    """
    if len(content) > LARGEST:
        raise InvalidInput(f"a policy has at most {LARGEST} characters, not {len(content)}")
    try:
        value: object = yaml.load(content, Loader=_Loader)  # noqa: S506 -- derives from SafeLoader
    except (yaml.YAMLError, RecursionError) as error:
        raise InvalidInput(f"the policy cannot be read: {_where(error)}") from error
    if not isinstance(value, dict):
        raise InvalidInput("a policy must hold keys and values")
    try:
        return parse(cast("dict[str, object]", value))
    except InvalidInput as error:
        raise InvalidInput(located(content, str(error))) from error


FIRST = ("name", "version", "description", "unit", "id", "rule", "roles", "approvals", "quorum")
"""Keys that people look for first; the others follow by name, and rules come last."""


def written(policy: Policy) -> str:
    """Write a policy as the YAML that would make it again."""
    ordered = _ordered(dict(policy.content))
    return yaml.safe_dump(ordered, sort_keys=False, allow_unicode=True, width=100)


def _ordered(value: Any) -> Any:
    if isinstance(value, list):
        return [_ordered(item) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    content = cast("dict[str, Any]", value)
    places = {key: place for place, key in enumerate(FIRST)}
    keys = sorted(content, key=lambda k: (k in {"rules", "tiers"}, places.get(k, len(FIRST)), k))
    return {key: _ordered(content[key]) for key in keys}


def located(content: str, sentence: str) -> str:
    """Put the line before a sentence that begins with the path of what it is about."""
    lines = _lines(content)
    path = re.split(r"[:\s]", sentence, maxsplit=1)[0]
    unknown = re.match(r"\S+ has the unknown key '([^']*)'", sentence)
    named = re.match(r"policy (\w+) ", sentence)
    if unknown:
        path = f"{path}.{unknown[1]}"
    elif named:
        path = f"policy.{named[1]}"
    path = path.removeprefix("policy.")
    while path and path not in lines:
        path = re.sub(r"(\.[^.\[]*|\[\d+\]|^[^.\[]*)$", "", path)
    return f"line {lines[path]}: {sentence}" if path else sentence


def _lines(content: str) -> dict[str, int]:
    """Return the line of every key and item, by its path."""
    try:
        root = yaml.compose(content, Loader=_Loader)
    except yaml.YAMLError:
        return {}
    return dict(_walk(root, at=""))


def _walk(node: Any, *, at: str) -> Iterator[tuple[str, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            path = f"{at}.{key.value}" if at else str(key.value)
            yield path, key.start_mark.line + 1
            yield from _walk(value, at=path)
    elif isinstance(node, yaml.SequenceNode):
        for i, value in enumerate(node.value):
            yield f"{at}[{i}]", value.start_mark.line + 1
            yield from _walk(value, at=f"{at}[{i}]")


class _Loader(yaml.SafeLoader):
    """YAML with nothing hidden: no aliases, no repeated keys, no dates made of text."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise yaml.MarkedYAMLError(problem="aliases are not allowed", problem_mark=mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 -- PyYAML's own signature
        seen: set[str] = set()
        for key, _ in node.value:
            text = isinstance(key, yaml.ScalarNode)
            if not text or key.value in seen:
                wrong = f"the key {key.value!r} stands here twice" if text else "a key must be text"
                raise yaml.MarkedYAMLError(problem=wrong, problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs if tag != "tag:yaml.org,2002:timestamp"]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _where(error: Exception) -> str:
    mark: Any = getattr(error, "problem_mark", None)
    problem = str(getattr(error, "problem", None) or "it is not valid YAML")
    return f"line {mark.line + 1}: {problem}" if mark else problem
