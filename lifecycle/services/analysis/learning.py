"""Which limit do a reference's own windows set: NannyML's rule, mean and standard deviations."""

import re
import statistics
from collections.abc import Sequence

from lifecycle.errors import InvalidInput
from lifecycle.stats.catalogue import Statistic


def deviations(rule: str) -> float:
    """Read a rule such as ``mean+3sd``: how many standard deviations from the mean.

    Raises
    ------
    InvalidInput
        The rule is of another form.
    """
    match = re.fullmatch(r"mean\+(\d+(?:\.\d+)?)sd", rule.replace(" ", ""))
    if match is None:
        raise InvalidInput(f"alert-on {rule!r} is not of the form mean+3sd")
    return float(match[1])


def learned_limit(values: Sequence[float], *, rule: str, statistic: Statistic) -> float:
    """Return the limit on the bad side of a statistic, from its values in the reference's windows.

    The standard deviation is that of the windows themselves (divisor n), as NannyML takes it.
    """
    away = deviations(rule) * statistics.pstdev(values)
    return statistics.fmean(values) + (-away if statistic.better == "higher" else away)
