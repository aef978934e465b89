"""When did a model's errors change their level."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """A change of the error's level.

    Parameters
    ----------
    detector
        Who called it.
    at
        The second of the row at which it was called.
    row
        That row's place among the rows with a known outcome, in order of time.
    before, after
        Mean error since the change before, and until the next one.
    """

    detector: str
    at: datetime
    row: int
    before: float
    after: float

    @property
    def sentence(self) -> str:
        """Say from which error to which, and who says so."""
        went = "rose" if self.after > self.before else "fell"
        return f"the mean error {went} from {self.before:.3g} to {self.after:.3g} ({self.detector})"
