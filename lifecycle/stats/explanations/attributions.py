"""What a model's answers are made of: SHAP values of one row, of many, and whether they add up."""

import numpy as np

from lifecycle.stats.inference import (
    CONFIDENCE,
    Estimate,
    FloatArray,
    nothing,
    student_quantile,
)

FEWEST_ROWS = 2
"""Below two rows a mean has no spread, and so no interval."""


def mean_absolute(values: FloatArray, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate how far a column moves the model's output, in the output's unit.

    Parameters
    ----------
    values
        Shape (rows, outputs), SHAP values of the column; of several outputs the mean counts.

    Notes
    -----
    Student's interval over the rows, which does not reach below 0.
    Source: Lundberg and Lee (2017), arXiv:1705.07874.
    """
    n = len(values)
    if n < FEWEST_ROWS:
        return nothing(f"a mean with an interval needs {FEWEST_ROWS} rows, not {n}", n=n)
    sizes = np.abs(values).mean(axis=1)
    mean = float(sizes.mean())
    half = float(student_quantile(confidence, freedom=n - 1) * sizes.std(ddof=1) / np.sqrt(n))
    return Estimate(mean, n, (max(0.0, mean - half), mean + half), confidence)


def of_row(value: float, *, confidence: float = CONFIDENCE) -> Estimate:
    """Return what a column adds to one row's output; it is read off, so it has no interval."""
    del confidence  # nothing was sampled
    return Estimate(value, 1)


def additivity_error(
    values: FloatArray, base: FloatArray, answers: FloatArray, *, confidence: float = CONFIDENCE
) -> Estimate:
    """Return by how much values miss what they should add up to, in the row where it is most.

    Parameters
    ----------
    values
        Shape (rows, columns, outputs), SHAP values.
    base, answers
        Shape (rows, outputs): what the values start from, and the model's own output.

    Notes
    -----
    The property is called local accuracy. Source: Lundberg and Lee (2017), arXiv:1705.07874.
    """
    del confidence  # every explained row is looked at
    if not len(values):
        return nothing("no row was explained")
    return Estimate(float(np.abs(values.sum(axis=1) + base - answers).max()), len(values))
