"""When measurements become alerts, who hears of them, and what people do about them."""

from lifecycle.services.alerting.handling import (
    Precision,
    acknowledge,
    assign,
    judge,
    precision,
    resolve,
    snooze,
    waiting,
)
from lifecycle.services.alerting.raising import Change, update
from lifecycle.services.alerting.series import cause_of

__all__ = [
    "Change",
    "Precision",
    "acknowledge",
    "assign",
    "cause_of",
    "judge",
    "precision",
    "resolve",
    "snooze",
    "update",
    "waiting",
]
