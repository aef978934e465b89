"""Which policies are in force: shipped ones at the start, published ones from then on."""

from datetime import datetime
from importlib import resources
from typing import Any, cast

import yaml

from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.policy import Policy
from lifecycle.domain.policy_text import parse
from lifecycle.errors import Conflict, InvalidInput, NotFound
from lifecycle.store import audit
from lifecycle.store import policies as published
from lifecycle.store.connection import Connection, Workspace

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
    except yaml.YAMLError as error:
        raise InvalidInput(f"the policy cannot be read: {_where(error)}") from error
    if not isinstance(value, dict):
        raise InvalidInput("a policy must hold keys and values")
    return parse(cast("dict[str, object]", value))


def publish(workspace: Workspace, content: str, *, by: Actor, at: datetime) -> Policy:
    """Put a policy in force; open requests keep theirs and become stale.

    Raises
    ------
    InvalidInput
        It cannot be read; the sentence gives the line or the path.
    Conflict
        This version is published already, and what is published never changes.
    """
    by.require(Permission.ADMINISTER)
    policy = read(content)
    with workspace.transaction() as tx:
        _refuse_known(tx, policy)
        _add(tx, policy, by=by, at=at)
    return policy


def shipped() -> list[Policy]:
    """Return the policies that come with the product."""
    folder = resources.files("lifecycle") / "policies"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)
    return [read(f.read_text(encoding="utf-8")) for f in files]


def install(workspace: Workspace, *, by: Actor, at: datetime) -> list[Policy]:
    """Publish the shipped policies of which no version was ever published here."""
    by.require(Permission.ADMINISTER)
    with workspace.transaction() as tx:
        known = {policy.name for policy in published.every(tx)}
        fresh = [policy for policy in shipped() if policy.name not in known]
        for policy in fresh:
            _add(tx, policy, by=by, at=at)
    return fresh


def _add(tx: Connection, policy: Policy, *, by: Actor, at: datetime) -> None:
    published.add(tx, policy, at=at, by=by.name)
    details = {"sha256": policy.sha256, "description": policy.description}
    subject = f"policy:{policy.name} {policy.version}"
    event = AuditEvent("policy.publish", subject, by.name, at, via=by.via, details=details)
    audit.append(tx, event)


def _refuse_known(tx: Connection, policy: Policy) -> None:
    try:
        known = published.get(tx, policy.name, policy.version)
    except NotFound:
        return
    label = f"policy {policy.name} {policy.version}"
    if known.sha256 == policy.sha256:
        raise Conflict(f"{label} is published already, with the same content")
    raise Conflict(f"{label} is published and cannot change; give this one a new version")


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


def _where(error: yaml.YAMLError) -> str:
    mark: Any = getattr(error, "problem_mark", None)
    problem = str(getattr(error, "problem", None) or "it is not valid YAML")
    return f"line {mark.line + 1}: {problem}" if mark else problem
