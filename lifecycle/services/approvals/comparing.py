"""What changed: under a request since it was opened, and since the model's last approval."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from string import hexdigits

from lifecycle.domain.approval import Request, Status
from lifecycle.domain.audit import plain
from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.model import Version
from lifecycle.domain.rules import Case
from lifecycle.domain.usecase import Tier
from lifecycle.errors import NotFound
from lifecycle.services import withholding
from lifecycle.services.approvals import cases
from lifecycle.store import evidence, models, requests, usecases
from lifecycle.store import policies as published
from lifecycle.store.connection import Connection, Workspace

SHA256 = 64
"""Digits of a hash; the first dozen tell two apart for the eye."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was when the model was last approved.

    Parameters
    ----------
    what
        The field, or the statistic with its column.
    before, after
        As text; empty where there was or is nothing.
    """

    what: str
    before: str
    after: str


def is_stale(workspace: Workspace, request: Request) -> list[str]:
    """Say what changed under a request since it was submitted; nothing when it still stands."""
    con = workspace.cursor()
    return changed(con, request, cases.case_under(con, request, at=request.requested_at))


def changed(con: Connection, request: Request, case: Case) -> list[str]:
    """Say the same for a case that is gathered already."""
    cases.pinned(con, request)  # what is published since is for the requests after it
    newest = [(e.purpose, e.id, e.sha256) for e in cases.latest(case)]
    return _changed(request, case.version, tier=case.use_case.tier, newest=newest)


def newer_policy(con: Connection, request: Request) -> str | None:
    """Name the policy in force where a request is decided by an earlier one."""
    model_id = request.version_id.partition("/")[0]
    policy = cases.in_force(con, usecases.of_models(con, [model_id])[model_id])
    return None if policy.sha256 == request.policy_sha256 else policy.label


def moved(con: Connection, request: Request, *, shown_from: int) -> list[Difference]:
    """Return what newer evidence says otherwise than the evidence that a request stands on."""
    newest = cases.latest(cases.case_under(con, request, at=request.requested_at))
    newer = [e for e in newest if e.id not in request.evidence]
    purposes = {e.purpose for e in newer}
    frozen = [e for e in _evidence(con, request) if e.purpose in purposes]
    return list(_measured(frozen, newer, shown_from=shown_from))


def changed_of(con: Connection, asked: Sequence[Request]) -> dict[str, list[str]]:
    """Say the same of many requests, for a list, by the hashes as they are kept.

    A vote reads the evidence itself and checks it against its hash.
    """
    versions = models.named(con, [request.version_id for request in asked])
    use_cases = usecases.of_models(con, [version.model_id for version in versions.values()])
    newest = evidence.names_of_newest(con, versions)

    found: dict[str, list[str]] = {}
    for request in asked:
        version = versions[request.version_id]
        use_case = use_cases[version.model_id]
        found[request.id] = _changed(
            request,
            version,
            tier=use_case.tier,
            newest=newest.get(version.id, []),
        )
    return found


def _changed(
    request: Request,
    version: Version,
    *,
    tier: Tier,
    newest: Sequence[tuple[Purpose, str, str]],
) -> list[str]:
    reasons = [
        f"newer {purpose} evidence {name}"
        for purpose, name, _ in newest
        if name not in request.evidence
    ]
    if version.stage is not request.before:
        reasons.append(f"the version is {version.stage} and no longer {request.before}")
    now = cases.bundle_over(
        version, request.policy_sha256, tier=tier, evidence=[sha for *_, sha in newest]
    )
    if not reasons and now != request.bundle:
        reasons.append("the version's record or its risk tier changed")
    return reasons


def last_approved(con: Connection, request: Request) -> Request | None:
    """Return the newest approved request of the same model to the same stage, before this one."""
    model_id = request.version_id.partition("/")[0]
    earlier = (
        other
        for other in requests.every(con, status=Status.APPROVED)
        if other.version_id.partition("/")[0] == model_id
        and other.to is request.to
        and other.id != request.id
        and other.requested_at < request.requested_at
    )
    return next(earlier, None)


def since_last_approval(
    con: Connection, request: Request, *, shown_from: int = 0
) -> tuple[Request, list[Difference]] | None:
    """Compare a request with the last one that was approved; nothing when there is none.

    Parameters
    ----------
    shown_from
        Fewest rows of a group that the values may tell of.
    """
    before = last_approved(con, request)
    if before is None:
        return None
    found = [
        *_versions(
            models.version_by_id(con, before.version_id),
            models.version_by_id(con, request.version_id),
        ),
        *_policies(con, before, request),
        *_measured(*(_evidence(con, one) for one in (before, request)), shown_from=shown_from),
    ]
    return before, found


def _versions(before: Version, after: Version) -> Iterator[Difference]:
    for f in fields(Version):
        if f.name in {"model_id", "stage", "created_at", "environment"}:
            continue
        old, new = getattr(before, f.name), getattr(after, f.name)
        if f.name == "columns":
            for part in fields(old):
                yield from _one(part.name, getattr(old, part.name), getattr(new, part.name))
        else:
            yield from _one("version" if f.name == "name" else f.name, old, new)


def _policies(con: Connection, before: Request, after: Request) -> Iterator[Difference]:
    yield from _one("policy", before.policy, after.policy)
    yield from _one("risk tier", before.tier, after.tier)
    rules = [
        {named.id for named in published.labelled(con, r.policy).gate(r.tier, r.to).rules}
        for r in (before, after)
    ]
    yield from _one("rules of the gate", sorted(rules[0]), sorted(rules[1]))


def _measured(
    before: list[Evidence], after: list[Evidence], *, shown_from: int
) -> Iterator[Difference]:
    """Compare the values over all rows, statistic by statistic."""
    old, new = (_values(found, shown_from=shown_from) for found in (before, after))
    for key in dict.fromkeys([*old, *new]):
        yield from _one(key, old.get(key), new.get(key))


def _values(found: list[Evidence], *, shown_from: int) -> dict[str, str]:
    values: dict[str, str] = {}
    # How well it works comes first, what drives it last: that list is long.
    for one in sorted(found, key=lambda e: (e.purpose is Purpose.EXPLANATION, e.purpose)):
        for m in withholding.shown(one, shown_from=shown_from):
            if m.slice or m.window is not None:
                continue
            name = f"{m.statistic} by {m.column}" if m.column else m.statistic
            low_high = f" ({m.interval[0]:.4g} to {m.interval[1]:.4g})" if m.interval else ""
            n = f", n {m.n:,}" if m.n is not None else ""
            said = m.state.value if m.value is None else f"{m.value:.4g}{low_high}{n}"
            values[f"{one.purpose}: {name}"] = said
    return values


def _evidence(con: Connection, request: Request) -> list[Evidence]:
    found: list[Evidence] = []
    for identifier in request.evidence:
        try:
            found.append(evidence.get(con, identifier))
        except NotFound:
            continue
    return found


def _one(what: str, before: object, after: object) -> Iterator[Difference]:
    if before != after:
        yield Difference(what.replace("_", " "), _text(before), _text(after))


def _text(value: object) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    if isinstance(value, str) and len(value) == SHA256 and set(value) <= set(hexdigits):
        return f"{value[:12]}…"
    made = plain(value)
    if isinstance(made, dict):
        return ", ".join(f"{k}={v}" for k, v in sorted(made.items()))
    return ", ".join(map(str, made)) if isinstance(made, list) else str(made)
