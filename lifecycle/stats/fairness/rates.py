"""How does a group fare: proportions of its rows, from counts by label and decision."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from lifecycle.stats.inference import CONFIDENCE, Estimate, proportion
from lifecycle.stats.summaries import NEGATIVE, POSITIVE, UNKNOWN, BinaryTally, CountArray

Counts: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class GroupRate:
    """A proportion of a group's rows: which rows count, and which of them succeed."""

    name: str
    counts: Callable[[CountArray], Counts]
    """From rows by label and decision (3, 3) to successes and observations."""
    empty: str
    """What is missing when there is no observation."""

    def __call__(self, tally: BinaryTally, *, confidence: float = CONFIDENCE) -> Estimate:
        """Estimate the rate of one group with Wilson's interval."""
        successes, n = self.counts(tally.decisions)
        return proportion(successes, n, confidence=confidence, empty=self.empty)


def _decided(rows: CountArray, *, label: int, decision: int) -> Counts:
    """Count the decisions of one kind among the rows of one label."""
    return int(rows[label, decision]), int(rows[label, :UNKNOWN].sum())


def _selected(rows: CountArray) -> Counts:
    return int(rows[:, POSITIVE].sum()), int(rows[:, :UNKNOWN].sum())


def _positive(rows: CountArray) -> Counts:
    return int(rows[POSITIVE].sum()), int(rows[:UNKNOWN].sum())


def _right_of_selected(rows: CountArray) -> Counts:
    return int(rows[POSITIVE, POSITIVE]), int(rows[:UNKNOWN, POSITIVE].sum())


NO_POSITIVE = "no decided row of the group has a positive outcome"
NO_NEGATIVE = "no decided row of the group has a negative outcome"

selection_rate = GroupRate("selection_rate", _selected, "no row of the group has a decision")
base_rate = GroupRate("base_rate", _positive, "no row of the group has an outcome")
true_positive_rate = GroupRate(
    "true_positive_rate", partial(_decided, label=POSITIVE, decision=POSITIVE), NO_POSITIVE
)
false_negative_rate = GroupRate(
    "false_negative_rate", partial(_decided, label=POSITIVE, decision=NEGATIVE), NO_POSITIVE
)
false_positive_rate = GroupRate(
    "false_positive_rate", partial(_decided, label=NEGATIVE, decision=POSITIVE), NO_NEGATIVE
)
true_negative_rate = GroupRate(
    "true_negative_rate", partial(_decided, label=NEGATIVE, decision=NEGATIVE), NO_NEGATIVE
)
positive_predictive_value = GroupRate(
    "precision", _right_of_selected, "no labelled row of the group was decided positive"
)
