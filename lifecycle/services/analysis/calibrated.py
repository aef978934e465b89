"""What did a reference teach about its scores, in words and for the JSON."""

from dataclasses import dataclass

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


@dataclass(slots=True)
class LeftOut:
    """Counts, while a side is read, the rows whose score is of no use or new to the calibration."""

    calibration: Calibration | None
    rows: int = 0
    invalid: int = 0
    beyond: int = 0

    def add(self, tally: BinaryTally) -> None:
        """Count one part of the side."""
        self.rows += tally.rows
        self.invalid += tally.invalid_scores
        if self.calibration is not None and self.calibration.method == "isotonic":
            scores = self.calibration.scores
            self.beyond += _beyond(tally, low=float(scores[0]), high=float(scores[-1]))

    def sentences(self, source: Source) -> list[str]:
        """Say how many there are."""
        of = f"of {self.rows} rows of {source.label}"
        told: list[str] = []
        if self.invalid:
            told.append(f"{self.invalid} {of} have no score between 0 and 1 and are left out")
        if self.beyond:
            told.append(
                f"{self.beyond} {of} score outside the reference's range; they take the chance "
                "of the nearest score"
            )
        return told


def _beyond(tally: BinaryTally, *, low: float, high: float) -> int:
    counts = tally.scores.sum(axis=0)
    held = counts > 0
    means = tally.score_sums.sum(axis=0)[held] / counts[held]
    return int(counts[held][(means < low) | (means > high)].sum())


def as_details(calibration: Calibration | None) -> dict[str, object]:
    """Say how the reference's scores were calibrated, and how the tests of that came out."""
    if calibration is None:
        return {"calibration": None}

    return {
        "calibration": {
            "method": calibration.method,
            "test": "chi-squared over groups of scores",
            "raw": fit_json(calibration.raw),
            "calibrated": fit_json(calibration.fit),
        }
    }


def fit_json(found: Fit) -> dict[str, object]:
    """Return a test of calibration for the JSON."""
    return {
        "error": found.error,
        "p_value": found.p_value,
        "groups": found.groups,
        "n": found.n,
        "fails": found.fails,
    }
