"""Why measured sections of a report may no longer hold."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from lifecycle.domain.evidence import Evidence
from lifecycle.domain.model import Version
from lifecycle.domain.rules import Evidenced
from lifecycle.services.approvals import cases
from lifecycle.store import usecases
from lifecycle.store.connection import Connection

USUAL_DAYS = 180.0
"""How long evidence is taken as current where no rule of the policy says; a house default."""


def longest(con: Connection, use_case_id: str) -> Mapping[str, float]:
    """Return after how many days evidence of each purpose is old, by the policy in force."""
    use_case = usecases.get(con, use_case_id)
    gates = cases.in_force(con, use_case).gates.get(use_case.tier, {}).values()
    rules = [named.rule for gate in gates for named in gate.rules]
    found: dict[str, float] = {}
    for rule in rules:
        if isinstance(rule, Evidenced):
            known = found.get(rule.purpose, rule.max_age_days)
            found[rule.purpose] = min(known, rule.max_age_days)
    return found


def stale(kept: Evidence, version: Version, *, limits: Mapping[str, float], at: datetime) -> str:
    """Say why a record may no longer describe a version; nothing when it does."""
    days = (at - kept.created_at) / timedelta(days=1)
    most = limits.get(kept.purpose, USUAL_DAYS)
    if days > most:
        return f"{kept.id} is {days:.0f} days old, and the policy takes {most:.0f} as current"
    used = kept.method.get("artifact")
    if used is not None and used != version.artifact:
        return f"{kept.id} was made with another model file"
    return ""
