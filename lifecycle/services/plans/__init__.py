"""What will be measured and against which limits, written down before anybody sees a result."""

from lifecycle.services.plans.fixing import (
    FIXED,
    OVERRIDE,
    Override,
    fix,
    fixed,
    override,
    recorded,
)
from lifecycle.services.plans.plan import Plan, PlanLimit
from lifecycle.services.plans.reading import PURPOSES, from_mapping, parse, read

__all__ = [
    "FIXED",
    "OVERRIDE",
    "PURPOSES",
    "Override",
    "Plan",
    "PlanLimit",
    "fix",
    "fixed",
    "from_mapping",
    "override",
    "parse",
    "read",
    "recorded",
]
