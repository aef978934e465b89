"""When a plan was fixed, and whether it judges otherwise than one whose results are known."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import cast

from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.errors import Conflict, InvalidInput
from lifecycle.services.plans.plan import Plan, PlanLimit
from lifecycle.services.plans.reading import PURPOSES, from_mapping
from lifecycle.store import audit, evidence, plans
from lifecycle.store.connection import Connection, Workspace
from lifecycle.store.plans import FixedPlan

FIXED, OVERRIDE = "fixed", "override"
"""Where evidence keeps, beside the plan's own keys, when it was fixed and what was overridden."""

TERMS = ("minimum", "minimum_group", "confidence", "seed")
"""What decides beside the limits what comes out, whatever is measured."""

DECIDES = {
    Purpose.PERFORMANCE: ("slices",),
    Purpose.FAIRNESS: ("sensitive", "intersect"),
    Purpose.VALIDATION: ("sensitive",),
}
SETTINGS = {Purpose.FAIRNESS: ("fairness", "groups"), Purpose.VALIDATION: ("validation", "trials")}
"""What decides it for one purpose alone: keys of a plan, and settings by their key and field."""


@dataclass(frozen=True, slots=True)
class Override:
    """A plan that judges otherwise than the first whose results on the same rows were known.

    Parameters
    ----------
    changes
        What differs, a sentence each.
    since
        The evidence that was known.
    """

    changes: tuple[str, ...]
    since: str
    reason: str
    by: str
    at: datetime


def fix(ws: Workspace, plan: Plan, *, by: Actor, at: datetime) -> FixedPlan:
    """Keep a plan before there are results; the same content again is the same plan.

    Raises
    ------
    Conflict
        Its name and version belong to a plan with other content.
    """
    by.require(Permission.ASSESS)
    with ws.transaction() as tx:
        return fixed(tx, plan, by=by, at=at)


def fixed(tx: Connection, plan: Plan, *, by: Actor, at: datetime) -> FixedPlan:
    """Return the plan as it was fixed, fixing it now if nobody did before."""
    known = plans.by_content(tx, plan.sha256)
    if known is not None:
        return known
    earlier = plans.every(tx, name=plan.name)
    version = plan.version or _next(one.version for one in earlier)
    taken = next((one for one in earlier if one.version == version), None)
    if taken is not None:
        raise Conflict(
            f"plan {taken.label} was fixed by {taken.fixed_by} on {taken.fixed_at:%Y-%m-%d} with "
            "other content; give the changed plan the next version"
        )
    made = FixedPlan(plan.sha256, plan.name, version, plan.content, at, by.name)
    plans.add(tx, made)
    details = {"sha256": made.sha256}
    audit.append(
        tx, AuditEvent("plan.fix", f"plan:{made.label}", by.name, at, via=by.via, details=details)
    )
    return made


def override(
    con: Connection,
    plan: Plan,
    *,
    model_id: str,
    snapshot_id: str,
    reason: str,
    by: str,
    at: datetime,
) -> Override | None:
    """Tell how a plan departs from the first whose results on a snapshot are known.

    A plan that was overridden with a reason before needs none again.

    Raises
    ------
    InvalidInput
        It departs, and nobody says why.
    """
    seen = [e for e in evidence.on_snapshot(con, model_id, snapshot_id) if e.purpose in PURPOSES]
    changes: list[str] = []
    since = ""
    unchanged = [e for e in seen if recorded(e.plan) is None]
    for purpose in plan.statistics:
        first = next((e for e in (*unchanged, *seen) if e.purpose is purpose), None)
        if first is not None:
            found = [c for c in departures(first, plan) if c not in changes]
            changes, since = [*changes, *found], since or (first.id if found else "")
    if not changes:
        return None
    given = _given_before(seen, plan)
    if given is not None:
        return given
    if not reason.strip():
        raise InvalidInput(
            f"results on {snapshot_id} are known already ({since}), and this plan judges otherwise "
            f"({'; '.join(changes)}): give the reason (--override), which is recorded"
        )
    return Override(tuple(changes), since, reason.strip(), by, at)


def departures(known: Evidence, plan: Plan) -> list[str]:
    """List where a plan measures or judges otherwise than the plan of evidence that is known.

    Everything in it counts that decides what the evidence shows; its name, version and rationale
    do not, nor does what it measures beside.
    """
    content = {k: v for k, v in known.plan.items() if k not in {FIXED, OVERRIDE}}
    before = from_mapping(content)
    measured = {m.statistic for m in known.measurements}
    asked = {name for names in plan.statistics.values() for name in names}
    limited = {*before.limits, *plan.limits}
    found = [
        f"{name}: {_said(before.limits.get(name))}, "
        f"now {_said(plan.limits.get(name)) if name in asked else 'not measured'}"
        for name in sorted(measured & limited)
        if _terms(before.limits.get(name)) != _terms(plan.limits.get(name))
    ]
    found += [f"{name}: measured, now not" for name in sorted(measured - limited - asked)]
    old, new = (_deciding(one, known.purpose) for one in (before, plan))
    return found + [
        f"{name}: {_shown(old[name])}, now {_shown(new[name])}"
        for name in old
        if old[name] != new[name]
    ]


def _deciding(plan: Plan, purpose: Purpose) -> dict[str, object]:
    """Return what decides, beside statistics and limits, what comes out for a purpose."""
    found = {name: getattr(plan, name) for name in (*TERMS, *DECIDES.get(purpose, ()))}
    if purpose in SETTINGS:
        key, field = SETTINGS[purpose]
        settings = getattr(plan, field)
        found |= {f"{key}.{f.name}": getattr(settings, f.name) for f in fields(settings)}
    return found


def _shown(value: object) -> str:
    """Write a setting in words."""
    if isinstance(value, Mapping):
        pairs = cast("Mapping[str, object]", value).items()
        return "; ".join(f"{name} {_shown(held)}" for name, held in pairs) or "none"
    if isinstance(value, tuple):
        return ", ".join(map(_shown, cast("tuple[object, ...]", value))) or "none"
    if value is None:
        return "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def recorded(known: Mapping[str, object]) -> Mapping[str, object] | None:
    """Return the override that a plan in evidence carries."""
    found = known.get(OVERRIDE)
    return found if isinstance(found, Mapping) else None


def _given_before(seen: Sequence[Evidence], plan: Plan) -> Override | None:
    for one in seen:
        was, made = one.plan.get(FIXED), recorded(one.plan)
        if made is not None and isinstance(was, Mapping) and was.get("sha256") == plan.sha256:
            return Override(
                tuple(made["changes"]),  # type: ignore[arg-type]
                str(made["since"]),
                str(made["reason"]),
                str(made["by"]),
                datetime.fromisoformat(str(made["at"])),
            )
    return None


def _terms(limit: PlanLimit | None) -> tuple[object, ...]:
    return () if limit is None else (limit.minimum, limit.maximum, limit.severity, limit.bound)


def _said(limit: PlanLimit | None) -> str:
    if limit is None:
        return "no limit"
    return limit.wanted + ("" if limit.severity == "block" else " as a warning")


def _next(versions: Iterable[str]) -> str:
    numbers = [int(v) for v in versions if v.isdecimal()]
    return str(max(numbers, default=0) + 1)
