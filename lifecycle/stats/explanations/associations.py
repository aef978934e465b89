"""Which columns say the same: strength of association between any two, and groups of them."""

from collections.abc import Sequence

import numpy as np

from lifecycle.errors import InvalidInput
from lifecycle.stats.inference import FloatArray

ALIKE = 0.7
"""From this strength on, SHAP values of two columns may trade places; a house default."""

FEWEST_ROWS = 10


def association(
    first: FloatArray, second: FloatArray, *, numeric: tuple[bool, bool]
) -> float | None:
    """Measure how far one column tells another, 0 to 1.

    Parameters
    ----------
    first, second
        Shape (rows,): numbers, or codes of categories; NaN where there is no value.
    numeric
        Whether each holds numbers.

    Returns
    -------
    float or None
        Of two numbers the size of Spearman's correlation; of a number and a category the
        correlation ratio of the number's ranks; of two categories Cramer's V with Bergsma's
        correction. Nothing where fewer than `FEWEST_ROWS` rows hold both, or a column is constant.

    Raises
    ------
    InvalidInput
        Unequal shapes.

    Notes
    -----
    Sources: Spearman (1904), doi:10.2307/1412159; Kruskal and Wallis (1952),
    doi:10.1080/01621459.1952.10483441; Bergsma (2013), doi:10.1016/j.jkss.2012.10.002.
    """
    if first.shape != second.shape:
        raise InvalidInput("two columns of the same rows are needed")
    kept = np.isfinite(first) & np.isfinite(second)
    a, b = first[kept], second[kept]
    if len(a) < FEWEST_ROWS or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    if all(numeric):
        return abs(float(np.corrcoef(_ranks(a), _ranks(b))[0, 1]))
    if any(numeric):
        number, category = (a, b) if numeric[0] else (b, a)
        return _correlation_ratio(_ranks(number), category)
    return _cramers_v(a, b)


def rank_correlations(table: FloatArray) -> FloatArray:
    """Return the size of Spearman's correlation of every two columns of numbers, 0 to 1.

    Parameters
    ----------
    table
        Shape (columns, rows), without NaN.

    Returns
    -------
    ndarray
        Shape (columns, columns); NaN where a column is constant.
    """
    ranks = np.stack([_ranks(column) for column in table])
    ranks -= ranks.mean(axis=1, keepdims=True)
    size = np.sqrt((ranks**2).sum(axis=1))
    size[size == 0] = np.nan
    return np.abs(ranks @ ranks.T / np.outer(size, size))


def alike(strengths: FloatArray, *, least: float = ALIKE) -> list[list[int]]:
    """Put columns into groups in which each is linked to another by at least that strength.

    Parameters
    ----------
    strengths
        Shape (columns, columns), symmetric; NaN where nothing is known.

    Returns
    -------
    list
        Groups of two and more, positions in ascending order.
    """
    left = set(range(len(strengths)))
    groups: list[list[int]] = []
    while left:
        group, edge = set[int](), {min(left)}
        while edge:
            group |= edge
            near = (np.nan_to_num(strengths[sorted(edge)]) >= least).any(axis=0)
            edge = set(np.flatnonzero(near).tolist()) - group
        left -= group
        if len(group) > 1:
            groups.append(sorted(group))
    return groups


def _correlation_ratio(values: FloatArray, category: FloatArray) -> float:
    _, at = np.unique(category, return_inverse=True)
    n = np.bincount(at)
    means = np.bincount(at, weights=values) / n
    between = float(n @ (means - values.mean()) ** 2)
    return float(np.sqrt(between / float(((values - values.mean()) ** 2).sum())))


def _cramers_v(first: FloatArray, second: FloatArray) -> float:
    codes = [np.unique(side, return_inverse=True) for side in (first, second)]
    r, c = (len(values) for values, _ in codes)
    n = len(first)
    table = np.bincount(codes[0][1] * c + codes[1][1], minlength=r * c).reshape(r, c)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    phi = float(((table - expected) ** 2 / expected).sum()) / n
    corrected = max(0.0, phi - (r - 1) * (c - 1) / (n - 1))
    rows, columns = r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)
    return min(float(np.sqrt(corrected / max(min(rows, columns) - 1, 1e-12))), 1.0)


def _ranks(values: FloatArray) -> FloatArray:
    """Return ranks from 1; ties share their mean."""
    ordered, at, count = np.unique(values, return_inverse=True, return_counts=True)
    del ordered
    last = np.cumsum(count)
    return ((2 * last - count + 1) / 2)[at]


def pairs(columns: Sequence[str]) -> list[tuple[int, int]]:
    """Return the positions of every two columns once."""
    return [(i, j) for i in range(len(columns)) for j in range(i + 1, len(columns))]
