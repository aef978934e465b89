"""What a draft would change: every version judged under it and under what is in force."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.model import Stage
from lifecycle.domain.policy import Policy
from lifecycle.domain.reach import UNIT
from lifecycle.domain.rules import Case, GateReport, Outcome
from lifecycle.services.approvals import cases
from lifecycle.services.policies.reading import read
from lifecycle.store import evidence, health, models, portfolio, usecases
from lifecycle.store import policies as published
from lifecycle.store.connection import Connection, Workspace

WAY = (Stage.CANDIDATE, Stage.VALIDATED, Stage.APPROVED, Stage.PRODUCTION)
"""The gates of a version's life, in their order."""
AHEAD: Mapping[Stage, int] = {
    Stage.DRAFT: 1,
    Stage.CANDIDATE: 2,
    Stage.VALIDATED: 3,
    Stage.APPROVED: 4,
    Stage.PRODUCTION: 4,
    Stage.SUSPENDED: 4,
}
"""How many gates matter to a version: those it came through and the next."""


@dataclass(frozen=True, slots=True)
class Shift:
    """A version whose verdict at one gate another policy would change.

    Parameters
    ----------
    before, after
        What its gate comes to now and would come to; ``None`` where there is no gate.
    reasons
        The rules that differ, as sentences.
    """

    version_id: str
    tier: str
    stage: Stage
    to: Stage
    before: Outcome | None
    after: Outcome | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """What a policy would change in the whole portfolio.

    Parameters
    ----------
    versions
        How many were judged, each at the gates it came through and at the next.
    """

    policy: str
    against: str
    versions: int
    shifts: tuple[Shift, ...]

    @property
    def shifted(self) -> int:
        """How many versions would be judged differently at one gate at least."""
        return len({shift.version_id for shift in self.shifts})


def what_if(workspace: Workspace, content: str, *, by: Actor, at: datetime) -> Trial:
    """Judge the whole portfolio under a policy that is not in force.

    Raises
    ------
    InvalidInput
        The policy cannot be read.
    """
    by.require(Permission.READ)
    draft = read(content)
    con = workspace.cursor()
    judged = 0
    shifts: list[Shift] = []
    for case in _portfolio(con, at=at):
        unit = case.use_case.tags.get(UNIT, "")
        if case.version.stage not in AHEAD or draft.unit not in {"", unit}:
            continue
        judged += 1
        now, then = _policies(con, draft, unit=unit)
        gates = WAY[: AHEAD[case.version.stage]]
        shifts += filter(None, (_shift(case, now, then, to=to) for to in gates))
    against = published.in_force(con, draft.unit).label
    return Trial(draft.label, against, judged, tuple(shifts))


def _policies(con: Connection, draft: Policy, *, unit: str) -> tuple[Policy, Policy]:
    """Return what is in force for a unit, and what would be with the draft in its place."""
    now = published.in_force(con, unit)
    if draft.unit:
        return now, draft.under(published.current(con))
    own = published.own(con, unit) if unit else None
    return now, draft if own is None else own.under(draft)


def _shift(case: Case, now: Policy, then: Policy, *, to: Stage) -> Shift | None:
    before, after = _report(now, case, to=to), _report(then, case, to=to)
    outcomes = [None if report is None else report.outcome for report in (before, after)]
    if outcomes[0] is outcomes[1]:
        return None
    return Shift(
        version_id=case.version.id,
        tier=case.use_case.tier,
        stage=case.version.stage,
        to=to,
        before=outcomes[0],
        after=outcomes[1],
        reasons=tuple(_reasons(before, after)),
    )


def _report(policy: Policy, case: Case, *, to: Stage) -> GateReport | None:
    if to not in policy.gates.get(case.use_case.tier, {}):
        return None
    return policy.judge(case, to=to)


def _reasons(before: GateReport | None, after: GateReport | None) -> Iterator[str]:
    """Say which rules stand in the way under one policy and not under the other."""
    if before is None or after is None:
        yield "there would be a gate" if before is None else "there would be no gate"
        return
    old, new = ({r.rule: r for r in report.failing} for report in (before, after))
    for name, result in new.items():
        if name not in old or old[name].verdict != result.verdict:
            yield f"{name} would refuse: {result.verdict.sentence}"
    for name, result in old.items():
        if name not in new:
            yield f"{name} would no longer refuse: {result.verdict.sentence}"


def _portfolio(con: Connection, *, at: datetime) -> Iterator[Case]:
    """Gather every version's case with one query per table."""
    known_cases = {case.id: case for case in usecases.every(con)}
    known_models = {model.id: model for model in models.every(con)}
    found = evidence.newest_of_all(con)
    states = health.states(con)
    watched = portfolio.watched(con)
    limited = evidence.limited(con)
    for version in models.versions(con):
        model = known_models[version.model_id]
        yield Case(
            use_case=known_cases[model.use_case_id],
            model=model,
            version=version,
            evidence=tuple(found.get(version.id, ())),
            health=states.get(version.id) or cases.silence(version, watched=version.id in watched),
            at=at,
            limited=limited.get(model.id, ()),
        )
