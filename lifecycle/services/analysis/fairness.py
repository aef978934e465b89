"""Whether people of different groups are treated and served alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import TypedDict

from lifecycle.engines import Engine
from lifecycle.engines.contract import Grouping, Source, Tallied
from lifecycle.errors import InvalidInput
from lifecycle.services.analysis.outcomes import Codings, Roles, binary_codings
from lifecycle.services.analysis.performance import FROM_SCORES
from lifecycle.services.analysis.result import (
    Draft,
    Result,
    check_limits,
    finish,
    overall,
    side,
)
from lifecycle.stats import catalogue, fairness
from lifecycle.stats.catalogue import Needs, Statistic
from lifecycle.stats.inference import Estimate
from lifecycle.stats.summaries import BinaryTally

FOUR_FIFTHS = 0.8
SCREEN = "below four fifths: a screen (29 CFR 1607.4(D)), not a verdict"
"""The house looks at impact ratios this way unless the caller sets a limit of their own."""

SCORE_GRID = 1_024
"""Even score bins of a group whose scores are too many for a bin each: AUC within 5e-5."""

JOINT = " & "
"""Between the attributes of an intersection, in a measurement's column."""


@dataclass(frozen=True, slots=True)
class FairnessOptions:
    """What a fairness run measures.

    Parameters
    ----------
    sensitive
        Attributes whose groups are compared, each on its own.
    intersect
        Also compare the groups of so many attributes together; 1 for none.
    control
        Compare only within the groups of these columns.
    minimum_group
        Groups with fewer rows are insufficient and stay out of every gap.
    intervals
        Whether each number comes with its interval.
    reference_group
        By attribute, the group all others are compared with; best against worst otherwise.
    """

    roles: Roles
    sensitive: Sequence[str]
    intersect: int = 1
    control: Sequence[str] = ()
    confidence: float = 0.95
    intervals: bool = True
    minimum_group: int = 30
    reference_group: Mapping[str, str] = field(default_factory=dict[str, str])
    correction: str = "bh"
    alpha: float = 0.05
    limits: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True)
class _Comparison:
    """The groups of one attribute or intersection under one set of control values."""

    attributes: tuple[str, ...]
    control: Mapping[str, str]
    groups: tuple[Tallied, ...]


class _Limit(TypedDict):
    """The fields of a draft that say how it is judged."""

    limit: float | None
    screen: str | None


def measure_fairness(engine: Engine, *, source: Source, options: FairnessOptions) -> Result:
    """Measure rates by group and the gaps between groups.

    Raises
    ------
    InvalidInput
        A column, label or reference group does not occur.
    """
    roles = options.roles
    _check(source, options=options)
    codings = binary_codings(engine, source, roles=roles)
    cuts = _cuts(options)
    tallied = list(
        engine.binary(
            source,
            label=codings.label,
            decision=codings.decision,
            score=roles.score,
            groupings=[Grouping((*options.control, *cut)) for cut in cuts],
            grid=SCORE_GRID,
        )
    )
    rates = _rates(options)
    check_limits(options.limits, measured={s.name for s in (*rates, *catalogue.FAIRNESS_GAPS)})
    drafts = [d for t in tallied for d in _rate_drafts(t, rates=rates, options=options)]
    comparisons = _comparisons(tallied, cuts=cuts, options=options)
    drafts += [d for c in comparisons for d in _gap_drafts(c, options=options)]
    if not options.intervals:
        drafts = [replace(draft, estimate=_bare(draft.estimate)) for draft in drafts]
    measurements, tests = finish(drafts, correction=options.correction, alpha=options.alpha)
    return Result(
        command="fairness",
        inputs={"data": side(source)},
        settings=_settings(options, codings=codings, tests=tests) | {"engine": engine.name},
        measurements=measurements,
        verdict=overall(measurements),
        notices=(*codings.notices, *_small(comparisons, options=options)),
    )


def _bare(estimate: Estimate) -> Estimate:
    return replace(estimate, interval=None, confidence=None)


def _settings(options: FairnessOptions, *, codings: Codings, tests: int) -> dict[str, object]:
    roles = options.roles
    return {
        "target": roles.target,
        "prediction": roles.prediction,
        "score": roles.score,
        "positive": codings.label.positive,
        "positive_prediction": codings.decision.positive if codings.decision else None,
        "sensitive": list(options.sensitive),
        "intersect": options.intersect,
        "control": list(options.control),
        "minimum_group": options.minimum_group,
        "reference_group": dict(options.reference_group),
        "confidence": options.confidence if options.intervals else None,
        "correction": options.correction,
        "alpha": options.alpha,
        "tests": tests,
        "limits": dict(options.limits),
    }


def _check(source: Source, *, options: FairnessOptions) -> None:
    roles = options.roles
    if roles.prediction is None:
        raise InvalidInput("give --prediction: fairness compares what was decided")
    if not options.sensitive:
        raise InvalidInput("give --sensitive: the attribute whose groups are compared")
    named = (roles.target, roles.prediction, roles.score, *options.sensitive, *options.control)
    for name in named:
        if name is not None:
            source.column(name)
    if not 1 <= options.intersect <= len(options.sensitive):
        raise InvalidInput(
            f"intersect {options.intersect} needs that many --sensitive attributes; there are "
            f"{len(options.sensitive)}"
        )
    for attribute in options.reference_group:
        if attribute not in options.sensitive:
            raise InvalidInput(f"reference group of {attribute!r}: not a --sensitive attribute")


def _cuts(options: FairnessOptions) -> tuple[tuple[str, ...], ...]:
    """Return the attributes to cut by: none, each alone, and every combination asked for."""
    sensitive = tuple(dict.fromkeys(options.sensitive))
    sizes = range(1, options.intersect + 1)
    return ((), *(cut for size in sizes for cut in combinations(sensitive, size)))


def _rates(options: FairnessOptions) -> tuple[Statistic, ...]:
    scored = [
        s
        for s in catalogue.PERFORMANCE
        if options.roles.score and s.name in FROM_SCORES and Needs.BINARY in s.needs
    ]
    return (*catalogue.FAIRNESS_RATES, *scored)


def _rate_drafts(
    tallied: Tallied, *, rates: Sequence[Statistic], options: FairnessOptions
) -> list[Draft]:
    return [
        Draft(
            statistic=rate,
            estimate=rate.measure(tallied.tally, confidence=options.confidence),
            slice=tallied.slice,
            limit=options.limits.get(rate.name),
            minimum=options.minimum_group,
        )
        for rate in rates
    ]


def _comparisons(
    tallied: Sequence[Tallied], *, cuts: Sequence[tuple[str, ...]], options: FairnessOptions
) -> list[_Comparison]:
    """Sort the groups by what they are groups of, and by the control values they share."""
    found: list[_Comparison] = []
    for cut in cuts[1:]:
        by_control: dict[tuple[str, ...], list[Tallied]] = {}
        for part in tallied:
            if set(part.slice) == {*options.control, *cut}:
                key = tuple(part.slice[column] for column in options.control)
                by_control.setdefault(key, []).append(part)
        for values, groups in by_control.items():
            control = dict(zip(options.control, values, strict=True))
            found.append(_Comparison(cut, control, tuple(groups)))
    return found


def _gap_drafts(comparison: _Comparison, *, options: FairnessOptions) -> list[Draft]:
    """Measure every gap of one comparison, and each group's impact ratio."""
    tallies = [_binary(group) for group in comparison.groups]
    reference = _reference(comparison, options=options)
    common = {
        "confidence": options.confidence if options.intervals else None,
        "minimum": options.minimum_group,
        "reference": reference,
    }
    column = JOINT.join(comparison.attributes)
    drafts = [
        Draft(
            statistic=gap,
            estimate=gap.measure(tallies, **common),
            column=column,
            slice=comparison.control,
            minimum=options.minimum_group,
            **_limit(gap, options=options),
        )
        for gap in catalogue.FAIRNESS_GAPS
    ]
    ratio = catalogue.get("impact_ratio")
    each = fairness.impact_ratios(
        tallies,
        confidence=options.confidence,
        minimum=options.minimum_group,
        reference=reference,
    )
    drafts += [
        Draft(
            statistic=ratio,
            estimate=estimate,
            slice=group.slice,
            minimum=options.minimum_group,
            **_limit(ratio, options=options),
        )
        for group, estimate in zip(comparison.groups, each, strict=True)
    ]
    return drafts


def _limit(statistic: Statistic, *, options: FairnessOptions) -> _Limit:
    """Return what a gap is judged against: the caller's limit, or the screen of impact ratios."""
    if statistic.name in options.limits:
        return {"limit": options.limits[statistic.name], "screen": None}
    if statistic.name == "impact_ratio":
        return {"limit": FOUR_FIFTHS, "screen": SCREEN}
    return {"limit": statistic.limit, "screen": None}


def _reference(comparison: _Comparison, *, options: FairnessOptions) -> int | None:
    """Find the group that the others are compared with, if every attribute names one."""
    named = {a: options.reference_group.get(a) for a in comparison.attributes}
    if None in named.values():
        return None
    for position, group in enumerate(comparison.groups):
        if all(group.slice[attribute] == value for attribute, value in named.items()):
            return position
    seen = sorted({str(group.slice[a]) for group in comparison.groups for a in named})
    raise InvalidInput(
        f"reference group {', '.join(f'{a}={v}' for a, v in named.items())} never occurs; "
        f"groups seen: {', '.join(seen)}"
    )


def _binary(group: Tallied) -> BinaryTally:
    if not isinstance(group.tally, BinaryTally):
        raise TypeError("fairness reads binary tallies")
    return group.tally


def _small(comparisons: Sequence[_Comparison], *, options: FairnessOptions) -> list[str]:
    """Name the groups that are too small to be compared."""
    return [
        f"group {', '.join(f'{a}={v}' for a, v in group.slice.items())} has {group.tally.rows} "
        f"rows, fewer than {options.minimum_group}, and is in no gap"
        for comparison in comparisons
        for group in comparison.groups
        if group.tally.rows < options.minimum_group
    ]
