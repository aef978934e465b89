"""How two versions of a policy differ, line by line, and which way each difference goes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, cast

from lifecycle.domain.model import Stage
from lifecycle.domain.policy import Gate, Policy
from lifecycle.domain.rules import BOUNDS, Limit, NamedRule
from lifecycle.domain.terms import DECIDERS, MILDEST, SILENT, Cause, Override, Signing, Step, Terms
from lifecycle.domain.usecase import Tier


class Direction(StrEnum):
    """Which way a change goes; ``other`` where neither is stricter by itself."""

    STRICTER = "stricter"
    LOOSER = "looser"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that two policies say differently.

    Parameters
    ----------
    where
        The path, such as ``high.approved.waiting_hours`` or ``high.approved.rules.four-fifths``.
    before, after
        What either says, as text; empty where it says nothing.
    """

    where: str
    before: str
    after: str
    direction: Direction

    @property
    def sentence(self) -> str:
        """Say it in one line."""
        if not self.before:
            return f"{self.where}: new, {self.after} ({self.direction})"
        if not self.after:
            return f"{self.where}: gone, it was {self.before} ({self.direction})"
        return f"{self.where}: {self.after}, it was {self.before} ({self.direction})"


def differences(before: Policy, after: Policy) -> list[Change]:
    """Return everything that two policies say differently, gate by gate."""
    changes: list[Change] = []
    for tier in Tier:
        old, new = before.gates.get(tier, {}), after.gates.get(tier, {})
        for stage in Stage:
            at = f"{tier}.{stage}"
            changes += _gates(old.get(stage), new.get(stage), at=at)
    return changes


def _gates(old: Gate | None, new: Gate | None, *, at: str) -> Iterator[Change]:
    if old is None and new is None:
        return
    if old is None or new is None:
        # Without a gate nothing may go there, so a new one opens a way.
        direction = Direction.LOOSER if old is None else Direction.STRICTER
        words = ("", "a gate") if old is None else ("a gate", "")
        yield Change(at, *words, direction)
        return
    rules = {r.id: r for r in old.rules}, {r.id: r for r in new.rules}
    for name in dict.fromkeys([*rules[0], *rules[1]]):
        yield from _rules(rules[0].get(name), rules[1].get(name), at=f"{at}.rules.{name}")
    yield from _terms(old.terms, new.terms, at=at)


def _rules(old: NamedRule | None, new: NamedRule | None, *, at: str) -> Iterator[Change]:
    if old is None or new is None:
        rule = cast("NamedRule", old or new)
        said = f"{rule.rule.kind}, {_written(_parameters(rule))}"
        looser, stricter = Direction.LOOSER, Direction.STRICTER
        direction = (looser if new is None else stricter) if rule.blocking else Direction.OTHER
        yield Change(at, *(("", said) if old is None else (said, "")), direction)
        return
    if old.rule.kind != new.rule.kind:
        yield Change(f"{at}.rule", old.rule.kind, new.rule.kind, Direction.OTHER)
        return
    before, after = _parameters(old), _parameters(new)
    for key in before:
        if before[key] != after[key]:
            way = _direction(key, before[key], after[key], rule=old)
            yield Change(f"{at}.{key}", _written(before[key]), _written(after[key]), way)


def _parameters(named: NamedRule) -> dict[str, Any]:
    values = {f.name: getattr(named.rule, f.name) for f in fields(cast("Any", named.rule))}
    when = {f.name: getattr(named.when, f.name) for f in fields(named.when)}
    severity = "block" if named.blocking else "warn"
    return values | {"severity": severity, "when": {k: v for k, v in when.items() if v}}


def _terms(old: Terms, new: Terms, *, at: str) -> Iterator[Change]:
    for f in fields(Terms):
        before, after = getattr(old, f.name), getattr(new, f.name)
        if before == after:
            continue
        if f.name == "stale":
            for cause in Cause:
                if before[cause] != after[cause]:
                    key = f"stale.{cause}"
                    way = _direction("stale", before[cause], after[cause])
                    yield Change(f"{at}.{key}", str(before[cause]), str(after[cause]), way)
            continue
        way = _direction(f.name, before, after)
        yield Change(f"{at}.{f.name}", _said(f.name, before), _said(f.name, after), way)


def _direction(key: str, old: Any, new: Any, *, rule: NamedRule | None = None) -> Direction:
    if key == "bound" and rule is not None and isinstance(rule.rule, Limit):
        # For a minimum the lower end of the interval is the strict one, for a maximum the upper.
        low = rule.rule.minimum is not None
        order = BOUNDS if not low else ("upper", *BOUNDS[:2])
        old, new = order.index(old), order.index(new)
    elif key in STRICTNESS:
        old, new = STRICTNESS[key](old), STRICTNESS[key](new)
    else:
        return Direction.OTHER
    return _way(old, new)


def _way(old: Any, new: Any) -> Direction:
    """Return which way something goes; of several parts only where all go the same way."""
    if isinstance(old, tuple):
        parts = zip(old, new, strict=True)  # type: ignore[arg-type] -- both are of one shape
        ways = {_way(one, other) for one, other in parts if one != other}
        return ways.pop() if len(ways) == 1 else Direction.OTHER
    if new > old:
        return Direction.STRICTER
    return Direction.LOOSER if new < old else Direction.OTHER


def _quorum(quorum: tuple[Step, ...]) -> frozenset[tuple[str, int]]:
    """Return places by roles, so that a quorum with more of them contains one with fewer."""
    return frozenset(
        (" or ".join(sorted(roles)), place)
        for roles, approvals in Terms(quorum=quorum).needed.items()
        for place in range(approvals)
    )


def _override(override: Override | None) -> tuple[frozenset[str], float, float]:
    """Return who may not override, by how many it takes and how soon it is reviewed."""
    if override is None:
        return frozenset({*DECIDERS, "nobody"}), float("inf"), float("inf")
    return frozenset(DECIDERS) - override.roles, override.approvals, -override.review_days


def _without(value: float | None, *, at: float) -> float:
    return at if value is None else value


STRICTNESS: Mapping[str, Callable[[Any], Any]] = {
    "minimum": lambda v: _without(v, at=float("-inf")),
    "maximum": lambda v: -_without(v, at=float("inf")),
    "max_age_days": lambda v: -v,
    "fields": frozenset,
    "needs": frozenset,
    "worst": lambda v: v == "ok",
    "severity": lambda v: v == "block",
    "quorum": _quorum,
    "order": lambda v: v == "sequence",
    "veto": lambda v: v or frozenset(DECIDERS),  # without any, everybody's rejection ends it
    "separation": frozenset,
    "waiting_hours": lambda v: v,
    "open_days": lambda v: -v,
    "valid_days": lambda v: -_without(v, at=float("inf")),
    "signature": lambda v: v == Signing.FRESH,
    "bulk": lambda v: not v,
    "override": _override,
    "stale": MILDEST.index,
}
"""What grows as a value gets stricter; what is not named here is neither."""


UNSAID: Mapping[str, object] = {
    key: getattr(SILENT, key)
    for key in ("quorum", "open_days", "remind_days", "escalate_days", "override")
}
"""What stands where a unit's policy says nothing and could not stand there otherwise."""


def _said(key: str, value: Any) -> str:
    return "as in the central policy" if value == UNSAID.get(key, object()) else _written(value)


def _written(value: Any) -> str:
    if isinstance(value, Mapping):
        said = ", ".join(f"{k} {_written(v)}" for k, v in value.items()) or "always"
    elif isinstance(value, Step):
        said = f"{value.approvals} of {' or '.join(sorted(value.roles))}"
    elif isinstance(value, Override):
        who = " or ".join(sorted(value.roles))
        said = f"{value.approvals} of {who}, reviewed within {value.review_days:g} days"
    elif isinstance(value, frozenset):
        said = ", ".join(sorted(str(v) for v in value)) or "nobody"
    elif isinstance(value, tuple):
        said = " and ".join(_written(v) for v in value) or "nobody"
    elif isinstance(value, float | int) and not isinstance(value, bool):
        said = f"{value:g}"
    else:
        said = "none" if value is None else str(value).lower()
    return said
