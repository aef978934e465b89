"""What would it cost to narrow a gap: ways to do it, measured as evidence, each a possible version.

The work is a job. Each way becomes a point with intervals, measured on rows it never saw, and any
point can be registered as a draft version of the model, which then goes through every gate.
"""

from lifecycle.services.mitigation.asking import DISPARITY, KINDS, start
from lifecycle.services.mitigation.reading import (
    frontier,
    frontiers,
    measured,
    notices,
    points,
    runs_as,
)
from lifecycle.services.mitigation.registering import register, rule_of

__all__ = [
    "DISPARITY",
    "KINDS",
    "frontier",
    "frontiers",
    "measured",
    "notices",
    "points",
    "register",
    "rule_of",
    "runs_as",
    "start",
]
