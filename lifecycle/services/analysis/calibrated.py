"""What did a reference teach about its scores, in words and for the JSON."""

from lifecycle.engines.contract import Source
from lifecycle.stats.performance.calibration import Calibration, Fit
from lifecycle.stats.summaries import BinaryTally


def failure(fit: Fit) -> str:
    """Say why an estimate is refused, with the statistic of the test."""
    chance = "no variance to test" if fit.p_value is None else f"p {fit.p_value:.2g}"
    return (
        f"the reference's scores cannot be calibrated: outcomes differ by {fit.error:.3f} on "
        f"average over {fit.groups} groups of scores (chi-squared, {chance})"
    )


def left_out(tally: BinaryTally, *, calibration: Calibration | None, source: Source) -> list[str]:
    """Say how many rows have no usable score, or one that the reference never showed."""
    told: list[str] = []
    if tally.invalid_scores:
        told.append(
            f"{tally.invalid_scores} of {tally.rows} rows of {source.label} have no score between "
            "0 and 1 and are left out"
        )
    if calibration is None:
        return told
    counts = tally.scores.sum(axis=0)
    held = counts > 0
    means = tally.score_sums.sum(axis=0)[held] / counts[held]
    low, high = float(calibration.scores[0]), float(calibration.scores[-1])
    beyond = int(counts[held][(means < low) | (means > high)].sum())
    if beyond and calibration.method == "isotonic":
        told.append(
            f"{beyond} of {tally.rows} rows of {source.label} score outside the reference's "
            f"{low:.4g} to {high:.4g}; they take the chance of the nearest score"
        )
    return told


def as_details(calibration: Calibration | None) -> dict[str, object]:
    """Say how the reference's scores were calibrated, and how the tests of that came out."""
    if calibration is None:
        return {"calibration": None}

    def fit(found: Fit) -> dict[str, object]:
        return {
            "error": found.error,
            "p_value": found.p_value,
            "groups": found.groups,
            "n": found.n,
            "fails": found.fails,
        }

    return {
        "calibration": {
            "method": calibration.method,
            "test": "chi-squared over groups of scores",
            "raw": fit(calibration.raw),
            "calibrated": fit(calibration.fit),
        }
    }
