"""Which statistics are there: every one declared once, for pickers, API, CLI, docs and tests."""

from difflib import get_close_matches

from lifecycle.errors import InvalidInput
from lifecycle.stats.catalogue.answers import ANSWERS, EXPLANATIONS
from lifecycle.stats.catalogue.attributions import ATTRIBUTIONS
from lifecycle.stats.catalogue.drift import DRIFT, MULTIVARIATE
from lifecycle.stats.catalogue.estimation import (
    ESTIMATED,
    ESTIMATED_CLASSES,
    ESTIMATED_ERRORS,
    VALUE,
)
from lifecycle.stats.catalogue.fairness import (
    CALIBRATION_BIAS,
    FAIRNESS_ERRORS,
    FAIRNESS_GAPS,
    FAIRNESS_MEANS,
    FAIRNESS_RATES,
)
from lifecycle.stats.catalogue.performance import CLASS_SCORES, PERFORMANCE
from lifecycle.stats.catalogue.quality import QUALITY, ROW_CHECKS
from lifecycle.stats.catalogue.service import SERVICE
from lifecycle.stats.catalogue.statistic import Family, Needs, Statistic
from lifecycle.stats.catalogue.validation import VALIDATION

__all__ = [
    "ALL",
    "ANSWERS",
    "ATTRIBUTIONS",
    "CALIBRATION_BIAS",
    "CLASS_SCORES",
    "DEFAULT_DRIFT",
    "DRIFT",
    "ESTIMATED",
    "ESTIMATED_CLASSES",
    "ESTIMATED_ERRORS",
    "EXPLANATIONS",
    "FAIRNESS_ERRORS",
    "FAIRNESS_GAPS",
    "FAIRNESS_MEANS",
    "FAIRNESS_RATES",
    "MULTIVARIATE",
    "PERFORMANCE",
    "QUALITY",
    "ROW_CHECKS",
    "SERVICE",
    "VALIDATION",
    "VALUE",
    "Family",
    "Needs",
    "Statistic",
    "get",
]

_FAMILIES = (
    DRIFT,
    MULTIVARIATE,
    ANSWERS,
    EXPLANATIONS,
    ATTRIBUTIONS,
    PERFORMANCE,
    CLASS_SCORES,
    ESTIMATED,
    ESTIMATED_CLASSES,
    ESTIMATED_ERRORS,
    VALUE,
    FAIRNESS_RATES,
    FAIRNESS_GAPS,
    (CALIBRATION_BIAS, *FAIRNESS_MEANS),
    QUALITY,
    ROW_CHECKS,
    SERVICE,
    VALIDATION,
)

ALL: tuple[Statistic, ...] = tuple({s.name: s for group in _FAMILIES for s in group}.values())
"""Every statistic once; `accuracy` and `precision` are both performance and group rates."""

DEFAULT_DRIFT: dict[str, tuple[str, ...]] = {
    "numeric": ("ks", "psi", "jensen_shannon", "wasserstein"),
    "categorical": ("chi_squared", "psi", "jensen_shannon", "total_variation"),
}
"""What is measured for a column of each kind unless the caller names statistics."""

_BY_NAME = {s.name: s for s in ALL}


def get(name: str) -> Statistic:
    """Return the statistic of that name.

    Raises
    ------
    InvalidInput
        There is none; the message offers the closest name and lists all.
    """
    if name in _BY_NAME:
        return _BY_NAME[name]
    close = get_close_matches(name, _BY_NAME, n=1)
    hint = f", did you mean {close[0]}?" if close else ";"
    raise InvalidInput(
        f"no statistic is called {name!r}{hint} known: {', '.join(sorted(_BY_NAME))}"
    )
