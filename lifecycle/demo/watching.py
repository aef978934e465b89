"""How the sample's models are watched beside grain and limits, so that every screen has content."""

from typing import Any

from lifecycle.demo.simulator import LATENCY, STATUS

DAILY = "0 6 * * *"
"""When the samples' monitors would run, in UTC."""


def _alerts(runbook: str) -> dict[str, Any]:
    """Return whose alerts they are and what to do about them."""
    return {"owner": "devi", "runbook": runbook}


CREDIT: dict[str, Any] = {
    "schedule": DAILY,
    "together": ["reconstruction_error"],
    "changes": ["adwin"],
    "explanations": True,
    "costs": {
        "currency": "EUR",
        "true_positive": 0,
        "false_positive": -180,
        "false_negative": -2600,
        "true_negative": 240,
    },
    "alerts": _alerts("Ask the bureau what changed in its feed; score without the column."),
}

FRAUD: dict[str, Any] = {
    "schedule": DAILY,
    "costs": {
        "currency": "EUR",
        "true_positive": 95,
        "false_positive": -6,
        "false_negative": -140,
        "true_negative": 0,
    },
    "segments": ["merchant"],
    "service": {
        "latency": LATENCY,
        "status": STATUS,
        "succeeded": ["ok"],
        "limits": {"latency_p95": 150, "error_share": 0.01},
    },
    "alerts": _alerts("Call the payments desk; the previous version can take over."),
}

CHURN: dict[str, Any] = {
    "rule": "learned",
    "schedule": "0 6 * * mon",
    "alerts": _alerts("Drift alone hurts nobody: look whether performance follows."),
}

PRESCREEN: dict[str, Any] = {
    "schedule": DAILY,
    "alerts": _alerts("Compare the groups on the Fairness page before anything else."),
}

CASH: dict[str, Any] = {
    "schedule": DAILY,
    "reference": {"kind": "rolling", "days": 84, "gap": 0},
    "alerts": _alerts("Plan tours by last week's withdrawals until it is understood."),
}

SEPSIS: dict[str, Any] = {
    "schedule": DAILY,
    "expectations": [
        {"check": "range", "column": "temperature", "low": 30, "high": 44, "limit": 0.01},
        {"check": "range", "column": "heart_rate", "low": 20, "high": 250, "limit": 0.01},
        {"check": "missing", "column": "lactate", "limit": 0.05, "severity": "warn"},
    ],
    "alerts": _alerts("Call the ward: have the probe looked at, measure by hand until then.")
    | {"k": 2, "m": 2},
}

PLAIN: dict[str, Any] = {"schedule": DAILY, "alerts": _alerts("Tell the model's owner.")}
