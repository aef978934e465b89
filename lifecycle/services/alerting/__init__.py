"""When measurements become alerts, who hears of them, and what people do about them."""

from lifecycle.services.alerting import channels
from lifecycle.services.alerting.delivering import Courier, deliver, remind, send_again
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
from lifecycle.services.alerting.raising import update
from lifecycle.services.alerting.series import cause_of
from lifecycle.services.alerting.telling import Change

__all__ = [
    "Change",
    "Courier",
    "Precision",
    "acknowledge",
    "assign",
    "cause_of",
    "channels",
    "deliver",
    "judge",
    "precision",
    "remind",
    "resolve",
    "send_again",
    "snooze",
    "update",
    "waiting",
]
