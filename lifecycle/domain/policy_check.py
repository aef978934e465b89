"""What in a policy contradicts itself or can never be met, found before it is published."""

from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta

from lifecycle.domain.actor import Role
from lifecycle.domain.policy import Gate, Policy
from lifecycle.domain.reach import Place, Reach
from lifecycle.domain.rules import Evidenced, Limit, NamedRule
from lifecycle.domain.terms import Step, Terms
from lifecycle.domain.usecase import Tier


def problems(policy: Policy, *, people: Sequence[tuple[frozenset[Role], Reach]]) -> list[str]:
    """Return a sentence for everything that can never be met; each begins with its path.

    Parameters
    ----------
    people
        The deciding roles of each open account that is no administrator's, and where they are for.
    """
    found: list[str] = []
    for tier, stages in policy.gates.items():
        there = [roles for roles, reach in people if _reaches(reach, policy.unit, tier)]
        for stage, gate in stages.items():
            at = f"tiers.{tier}.{stage}"
            found += _limits(gate, at=at)
            found += _clocks(gate, at=at)
            found += _people(gate.terms, people=there, at=at)
    return found


def _reaches(reach: Reach, unit: str, tier: Tier) -> bool:
    """Tell whether somebody decides under a policy; the central one is about every unit."""
    somewhere = reach if unit else Reach(tiers=reach.tiers)
    return somewhere.covers(Place(unit, tier))


def _limits(gate: Gate, *, at: str) -> Iterator[str]:
    """Find limits that no number can keep, in one rule or between two on the same number."""
    limits = [(i, r, r.rule) for i, r in enumerate(gate.rules) if isinstance(r.rule, Limit)]
    for i, named, limit in limits:
        for j, other, second in limits:
            if j < i or not _about_the_same(named, other):
                continue
            if _above(limit.minimum, second.maximum) or _above(second.minimum, limit.maximum):
                against = "its own" if i == j else f"{named.id}'s"
                yield (
                    f"{at}.rules[{j}] ({other.id}): no {limit.statistic} can keep this limit "
                    f"and {against}"
                )


def _about_the_same(one: NamedRule, other: NamedRule) -> bool:
    a, b = one.rule, other.rule
    if (
        not isinstance(a, Limit)
        or not isinstance(b, Limit)
        or not (one.blocking and other.blocking)
    ):
        return False
    same = (a.purpose, a.statistic, a.column) == (b.purpose, b.statistic, b.column)
    return same and a.bound == b.bound and one.when == other.when


def _above(minimum: float | None, maximum: float | None) -> bool:
    return minimum is not None and maximum is not None and minimum > maximum


def _clocks(gate: Gate, *, at: str) -> Iterator[str]:
    terms = gate.terms
    waiting = timedelta(hours=terms.waiting_hours)
    if waiting >= timedelta(days=terms.open_days):
        yield (
            f"{at}.waiting_hours: a request expires after {terms.open_days:g} days, before the "
            f"{terms.waiting_hours:g} hours of waiting are over"
        )
    if terms.valid_days is not None and terms.notice_days >= terms.valid_days:
        yield (
            f"{at}.notice_days: notice {terms.notice_days:g} days before the end would be given "
            f"at once, since an approval holds {terms.valid_days:g} days"
        )
    for i, named in enumerate(gate.rules):
        rule = named.rule
        if named.blocking and isinstance(rule, Evidenced):
            aged = timedelta(days=rule.max_age_days)
            if rule.max_age_days < 0 or (waiting and aged <= waiting):
                yield (
                    f"{at}.rules[{i}] ({named.id}): evidence of {rule.max_age_days:g} days is too "
                    f"old once the {terms.waiting_hours:g} hours of waiting are over"
                )


def _people(terms: Terms, *, people: Sequence[frozenset[Role]], at: str) -> Iterator[str]:
    # The requester cannot decide; whoever else is barred is not known before there is a request.
    if any(terms.lacking(people)):
        yield f"{at}.quorum: {_short(terms.quorum, people)}"
    missing = sorted(role for role in terms.veto if not _holding(people, {role}))
    if missing:
        yield f"{at}.veto: nobody who may decide has the role {' or '.join(missing)}"
    emergency = terms.overriding()
    if emergency is not None and any(emergency.lacking(people)):
        yield f"{at}.override: {_short(emergency.quorum, people)}"


def _short(quorum: Sequence[Step], people: Sequence[frozenset[Role]]) -> str:
    wanted = " and ".join(f"{s.approvals} of {' or '.join(sorted(s.roles))}" for s in quorum)
    roles = sorted({role for step in quorum for role in step.roles})
    there = ", ".join(f"{_holding(people, {role})} {role}" for role in roles)
    return f"nobody could meet it: it takes {wanted} by different people, and there are {there}"


def _holding(people: Sequence[frozenset[Role]], roles: Collection[Role]) -> int:
    return sum(bool(held & set(roles)) for held in people)
