"""What several sample models share: how their data is registered, measured and judged."""

from typing import Any

WEEKLY = {"wasserstein": 0.15}
"""Chance moves a week of 500 rows by up to a tenth of a standard deviation; judge above that."""

SIMULATED = "Simulated by the sample portfolio's own seeded simulator; no real person is in it."


def dataset(id: str, name: str, what: str) -> dict[str, Any]:  # noqa: A002 -- as the service calls it
    """Return how a simulated source is registered."""
    return {
        "id": id,
        "name": name,
        "description": f"{what} {SIMULATED} data/README.md states distributions and planted truth.",
        "source": "simulator of the sample portfolio",
        "owner": "devi",
        "licence": "Apache-2.0, as this project",
        "simulated": True,
    }


def plan(
    name: str, *, auc: float | None = None, sensitive: tuple[str, ...] = (), classes: bool = False
) -> dict[str, Any]:
    """Return what an assessment measures, as a plan file would say it."""
    performance = ["mae", "rmse", "r2", "bias"]
    if auc is not None:
        performance = ["accuracy", "precision", "recall", "f1", "roc_auc", "brier", "ece"]
    elif classes:
        performance = ["accuracy", "precision", "recall", "f1"]
    made: dict[str, Any] = {
        "name": name,
        "rationale": "Fixed with the validator before the first result was seen.",
        "statistics": {"performance": performance},
        "seed": 0,
    }
    if auc is not None:
        made["limits"] = {
            "roc_auc": {"minimum": auc, "rationale": "Below it the clerks rank as well."}
        }
    if sensitive:
        made["sensitive"] = list(sensitive)
        made["statistics"]["fairness"] = [
            "selection_rate",
            "true_positive_rate",
            "false_positive_rate",
            "demographic_parity_difference",
            "demographic_parity_ratio",
            "equal_opportunity_difference",
            "equalized_odds_difference",
            "impact_ratio",
        ]
    return made
