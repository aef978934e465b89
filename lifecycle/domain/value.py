"""What is a decision worth, in money: one amount per way in which it can turn out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from lifecycle.errors import InvalidInput

OUTCOMES = ("TP", "FP", "FN", "TN")
"""True and false positives, false and true negatives: how a binary decision turns out."""


@dataclass(frozen=True, slots=True)
class CostMatrix:
    """The worth of one decision by how it turned out; a cost is a negative amount.

    Parameters
    ----------
    currency
        Three capital letters, as in ISO 4217.
    true_positive, false_positive, false_negative, true_negative
        Amounts in that currency, such as -120 for a claim paid in error.

    Raises
    ------
    InvalidInput
        The currency is none, or an amount is not finite or all are 0.
    """

    currency: str = "EUR"
    true_positive: float = 0.0
    false_positive: float = 0.0
    false_negative: float = 0.0
    true_negative: float = 0.0

    def __post_init__(self) -> None:
        if re.fullmatch(r"[A-Z]{3}", self.currency) is None:
            raise InvalidInput(f"currency {self.currency!r} is not three letters such as EUR")
        if not all(isfinite(amount) for amount in self.weights):
            raise InvalidInput("what a decision is worth must be a finite amount")
        if not any(self.weights):
            raise InvalidInput("a cost matrix of nothing but 0 says nothing")

    @property
    def weights(self) -> tuple[float, float, float, float]:
        """The amounts in the order of `OUTCOMES`."""
        return self.true_positive, self.false_positive, self.false_negative, self.true_negative

    @property
    def sentence(self) -> str:
        """Write it for people: ``TP 20, FN -100 EUR per decision``."""
        pairs = zip(OUTCOMES, self.weights, strict=True)
        return f"{', '.join(f'{k} {v:g}' for k, v in pairs if v)} {self.currency} per decision"


def cost_matrix(amounts: Mapping[str, float], *, currency: str) -> CostMatrix:
    """Read amounts by outcome, such as ``{"FP": -5, "FN": -100}``; what is not named is worth 0.

    Raises
    ------
    InvalidInput
        A name is not among `OUTCOMES`.
    """
    unknown = [name for name in amounts if name.upper() not in OUTCOMES]
    if unknown:
        raise InvalidInput(f"{unknown[0]!r} is not one of {', '.join(OUTCOMES)}")
    given = {name.upper(): float(amount) for name, amount in amounts.items()}
    return CostMatrix(currency, *(given.get(name, 0.0) for name in OUTCOMES))


def as_settings(costs: CostMatrix) -> dict[str, Any]:
    """Return a cost matrix as plain settings; `cost_matrix` reads its amounts back."""
    pairs = zip(OUTCOMES, costs.weights, strict=True)
    return {"currency": costs.currency, "amounts": dict(pairs)}
