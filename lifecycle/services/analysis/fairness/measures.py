"""What is measured of groups: rates and gaps of decisions, of each class, or of errors."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypedDict

import numpy as np

from lifecycle.engines.contract import Tallied
from lifecycle.services.analysis.fairness.groups import Comparison
from lifecycle.services.analysis.fairness.options import JOINT, FairnessOptions
from lifecycle.services.analysis.outcomes import Task
from lifecycle.services.analysis.performance import FROM_SCORES
from lifecycle.services.analysis.result import Draft
from lifecycle.stats import catalogue, fairness
from lifecycle.stats.catalogue import Needs, Statistic
from lifecycle.stats.fairness.scoring import above, median_bin
from lifecycle.stats.inference import Estimate
from lifecycle.stats.summaries import BinaryTally, ClassTally, Tally, exact

DECIDED = "decision"
"""Under this name a slice says that a score, not the prediction, was taken for the decision."""

FOUR_FIFTHS = 0.8
SCREEN = "below four fifths: a screen (29 CFR 1607.4(D)), not a verdict"
"""The house looks at impact ratios this way unless the caller sets a limit of their own."""


@dataclass(frozen=True, slots=True)
class Family:
    """Statistics that read groups in one way.

    Parameters
    ----------
    of
        Turns what was counted into what the statistics read.
    slice
        What all its measurements have in their slice, such as the class set against the rest.
    selects
        Whether impact ratios of each group belong to it.
    """

    rates: tuple[Statistic, ...]
    gaps: tuple[Statistic, ...]
    of: Callable[[Tally], Tally] = lambda tally: tally
    slice: Mapping[str, str] = field(default_factory=dict[str, str])
    selects: bool = True


class _Limit(TypedDict):
    """The fields of a draft that say how it is judged."""

    limit: float | None
    screen: str | None


def families(
    task: Task, *, target: str, scored: bool, classes: Sequence[str] = ()
) -> tuple[Family, ...]:
    """Return what is measured for a kind of answer.

    Parameters
    ----------
    target
        What a slice calls the class that is set against the rest.
    scored
        Whether scores are there to be ranked and calibrated.
    """
    if task is Task.REGRESSION:
        rates = catalogue.FAIRNESS_ERRORS
        gaps = _reading(catalogue.FAIRNESS_MEANS, Needs.REGRESSION)
        return (Family(rates, gaps, selects=False),)
    if task is Task.CLASSES:
        return tuple(
            Family(
                catalogue.FAIRNESS_RATES,
                catalogue.FAIRNESS_GAPS,
                of=lambda tally, name=name: against_rest(tally, name),
                slice={target: name},
            )
            for name in classes
        )
    if not scored:
        return (Family(catalogue.FAIRNESS_RATES, catalogue.FAIRNESS_GAPS),)
    ranked = (s for s in catalogue.PERFORMANCE if s.name in FROM_SCORES)
    by_score = (*(s for s in ranked if Needs.BINARY in s.needs), catalogue.CALIBRATION_BIAS)
    gaps = (*catalogue.FAIRNESS_GAPS, *_reading(catalogue.FAIRNESS_MEANS, Needs.BINARY))
    return (Family((*catalogue.FAIRNESS_RATES, *by_score), gaps),)


def fitting(task: Task, *, scored: bool) -> frozenset[str]:
    """Return the names of what can be measured of groups for a kind of answer."""
    measured = families(task, target="", scored=scored, classes=("",))
    return frozenset(s.name for family in measured for s in (*family.rates, *family.gaps))


def scoring(tallied: Sequence[Tallied]) -> Family:
    """Return the comparison of scoring rates: who scores above everybody's median."""
    every = [t.tally for t in tallied if isinstance(t.tally, BinaryTally)]
    least = min(len(t.slice) for t in tallied)
    at = median_bin([t for t, part in zip(every, tallied, strict=True) if len(part.slice) == least])
    return Family(
        rates=(catalogue.get("selection_rate"),),
        gaps=_selecting(),
        of=lambda tally: above(tally, bin=at) if isinstance(tally, BinaryTally) else tally,
        slice={DECIDED: "score above the median"},
    )


def _selecting() -> tuple[Statistic, ...]:
    """Return the gaps of selection rates."""
    names = ("demographic_parity_difference", "demographic_parity_ratio", "impact_ratio")
    return tuple(catalogue.get(name) for name in names)


def _reading(statistics: Sequence[Statistic], need: Needs) -> tuple[Statistic, ...]:
    return tuple(s for s in statistics if need in s.needs)


def against_rest(tally: Tally, name: str) -> BinaryTally:
    """Set one class against all others; rows without label or prediction are left out."""
    if not isinstance(tally, ClassTally):
        raise TypeError("one against the rest reads tallies of classes")
    at = tally.classes.index(name)
    hit = tally.confusion[at, at]
    missed, wrong = tally.confusion[at].sum() - hit, tally.confusion[:, at].sum() - hit
    decisions = np.zeros((3, 3), np.int64)
    decisions[:2, :2] = [[tally.confusion.sum() - hit - missed - wrong, wrong], [missed, hit]]
    decisions[2, 2] = tally.unlabelled
    none = np.zeros((3, 1), np.int64)
    return BinaryTally(
        edges=np.zeros(0),
        decisions=decisions,
        scores=none,
        score_totals=exact.zeros(3, 1),
        decided=none,
        square_totals=exact.zeros(3),
        loss_totals=exact.zeros(3),
        exact=True,
        invalid_scores=0,
    )


def rate_drafts(
    tallied: Sequence[Tallied], *, family: Family, options: FairnessOptions
) -> list[Draft]:
    """Measure the rates of every group."""
    drafts = [
        Draft(
            statistic=rate,
            estimate=rate.measure(family.of(part.tally), confidence=options.confidence),
            slice={**part.slice, **family.slice},
            limit=options.limits.get(rate.name),
            minimum=options.minimum_group,
        )
        for part in tallied
        for rate in family.rates
    ]
    if options.intervals:
        return drafts
    return [replace(draft, estimate=bare(draft.estimate)) for draft in drafts]


def bare(estimate: Estimate) -> Estimate:
    """Leave the interval out."""
    return replace(estimate, interval=None, confidence=None)


def gap_drafts(comparison: Comparison, *, family: Family, options: FairnessOptions) -> list[Draft]:
    """Measure every gap of one comparison, and each group's impact ratio."""
    tallies = [family.of(group.tally) for group in comparison.groups]
    drafts = [
        Draft(
            statistic=gap,
            estimate=gap.measure(
                tallies,
                confidence=options.level,
                minimum=comparison.minimum(options),
                reference=comparison.reference,
            ),
            column=JOINT.join(comparison.attributes),
            slice={**comparison.control, **family.slice},
            minimum=options.minimum_group,
            **_limit(gap, options=options),
        )
        for gap in family.gaps
    ]
    if not family.selects:
        return drafts
    ratio = catalogue.get("impact_ratio")
    binary = [tally for tally in tallies if isinstance(tally, BinaryTally)]
    each = fairness.impact_ratios(
        binary,
        confidence=options.confidence,
        minimum=comparison.minimum(options),
        reference=comparison.reference,
    )
    return drafts + [
        Draft(
            statistic=ratio,
            estimate=estimate if options.intervals else bare(estimate),
            slice={**group.slice, **family.slice},
            minimum=options.minimum_group,
            **_limit(ratio, options=options),
        )
        for group, estimate in zip(comparison.groups, each, strict=True)
    ]


def _limit(statistic: Statistic, *, options: FairnessOptions) -> _Limit:
    """Return what a gap is judged against: the caller's limit, or the screen of impact ratios."""
    if statistic.name in options.limits:
        return {"limit": options.limits[statistic.name], "screen": None}
    if statistic.name == "impact_ratio":
        return {"limit": FOUR_FIFTHS, "screen": SCREEN}
    return {"limit": statistic.limit, "screen": None}
