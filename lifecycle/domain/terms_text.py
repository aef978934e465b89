"""Read the terms of a gate: who must agree, by when, and what an agreement is worth later."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from lifecycle.domain import grammar
from lifecycle.domain.actor import Role
from lifecycle.domain.terms import (
    DECIDERS,
    FURTHER,
    Cause,
    Effect,
    Order,
    Override,
    Signing,
    Step,
    Terms,
)
from lifecycle.errors import InvalidInput

SPANS = ("waiting_hours", "open_days", "remind_days", "escalate_days", "valid_days", "notice_days")

QUORUM = ("approvals", "roles")
"""The short form of a quorum of one step."""


def terms(content: Mapping[str, object], *, at: str, silent: Terms | None = None) -> Terms:
    """Read the terms among the keys of a gate.

    Parameters
    ----------
    silent
        What holds where nothing is said.

    Raises
    ------
    InvalidInput
        A value is not one of the choices; the sentence gives the path to it.
    """
    values: dict[str, Any] = {
        key: READERS[key](value, at=f"{at}.{key}")
        for key, value in content.items()
        if key in READERS
    }
    silent = silent or Terms()
    values["stale"] = {**silent.stale, **values.get("stale", {})}
    if {"quorum", *QUORUM} & set(content):
        values["quorum"] = _quorum(content, at=at)
    return replace(silent, **values)


def _quorum(content: Mapping[str, object], *, at: str) -> tuple[Step, ...]:
    if "quorum" not in content:
        return (_step(content, at=at, known=content),)
    if set(QUORUM) & set(content):
        raise InvalidInput(f"{at} has a quorum, so approvals and roles must stand in its steps")
    listed = grammar.items(content["quorum"], at=f"{at}.quorum")
    steps = tuple(
        _step(grammar.mapping(step, at=f"{at}.quorum[{i}]"), at=f"{at}.quorum[{i}]", known=QUORUM)
        for i, step in enumerate(listed)
    )
    if not steps:
        raise InvalidInput(f"{at}.quorum must name at least one step")
    return steps


def _step(content: Mapping[str, object], *, at: str, known: Any) -> Step:
    grammar.only(content, known, at=at)
    approvals = grammar.count(content.get("approvals", 1), at=f"{at}.approvals")
    return Step(_roles(content.get("roles", ["approver"]), at=f"{at}.roles"), approvals)


def _roles(value: object, *, at: str) -> frozenset[Role]:
    given = grammar.texts(value, at=at)
    roles = frozenset(grammar.choice(Role, name, at=at) for name in given)
    if not roles or not roles <= set(DECIDERS):
        raise InvalidInput(f"{at} must name roles that may decide: {', '.join(DECIDERS)}")
    return roles


def _override(value: object, *, at: str) -> Override | None:
    if value is False:
        return None
    content = grammar.mapping(value, at=at)
    grammar.only(content, ("roles", "approvals", "review_days"), at=at)
    approvals = grammar.count(content.get("approvals", 2), at=f"{at}.approvals")
    if approvals < 2:  # noqa: PLR2004 -- a second person is what an override costs
        raise InvalidInput(f"{at}.approvals must be at least 2: an override takes a second person")
    days = grammar.span(content.get("review_days", 14), at=f"{at}.review_days")
    return Override(_roles(content.get("roles", ["approver"]), at=f"{at}.roles"), approvals, days)


def _stale(value: object, *, at: str) -> Mapping[Cause, Effect]:
    content = grammar.mapping(value, at=at)
    return {
        grammar.choice(Cause, cause, at=at): grammar.choice(Effect, effect, at=f"{at}.{cause}")
        for cause, effect in content.items()
    }


def _order(value: object, *, at: str) -> Order:
    return grammar.choice(Order, value, at=at)


def _signature(value: object, *, at: str) -> Signing:
    return grammar.choice(Signing, value, at=at)


def _separation(value: object, *, at: str) -> tuple[str, ...]:
    return grammar.several(value, FURTHER, at=at)


READERS: Mapping[str, Callable[..., object]] = {
    "order": _order,
    "veto": _roles,
    "separation": _separation,
    "signature": _signature,
    "bulk": grammar.flag,
    "override": _override,
    "stale": _stale,
} | dict.fromkeys(SPANS, grammar.span)
"""How each key is read, the quorum's apart."""

KEYS = frozenset({*READERS, "quorum", *QUORUM})
