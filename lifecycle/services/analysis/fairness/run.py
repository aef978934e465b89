"""Count groups once, measure them, and judge what was measured."""

from collections.abc import Sequence
from dataclasses import dataclass

from lifecycle.domain.measurement import Measurement, State
from lifecycle.engines import Engine
from lifecycle.engines.conditions import Outside
from lifecycle.engines.contract import Grouping, Source, Tallied
from lifecycle.errors import InvalidInput
from lifecycle.services.analysis.fairness import notices, sweeping
from lifecycle.services.analysis.fairness.groups import Hidden, comparisons, hidden, known
from lifecycle.services.analysis.fairness.measures import families, gap_drafts, rate_drafts, scoring
from lifecycle.services.analysis.fairness.options import JOINT, FairnessOptions, check
from lifecycle.services.analysis.outcomes import (
    Codings,
    Task,
    binary_codings,
    class_names,
    left_out,
    recognise,
)
from lifecycle.services.analysis.result import (
    Result,
    check_limits,
    finish,
    overall,
    side,
    uncounted,
    withheld,
)

SCORE_GRID = 1_024
"""Even score bins of a group whose scores are too many for a bin each: AUC within 5e-5."""


@dataclass(frozen=True, slots=True)
class _Counted:
    """The groups of a run, and how they were told apart."""

    task: Task
    tallied: tuple[Tallied, ...]
    codings: Codings | None = None
    classes: tuple[str, ...] = ()


def measure_fairness(engine: Engine, *, source: Source, options: FairnessOptions) -> Result:
    """Measure rates by group and the gaps between groups.

    Raises
    ------
    InvalidInput
        A column, label or reference group does not occur, or a score is none.
    """
    check(source, options=options)
    if options.strict_scores and options.roles.score:
        _check_scores(engine, source, score=options.roles.score)
    for attribute, bounds in options.bands.items():
        source = engine.banded(source, attribute, bounds=bounds)
    counted = _count(engine, source, options=options)
    measured = families(
        counted.task,
        target=options.roles.target,
        scored=bool(options.roles.score),
        classes=counted.classes,
    )
    if options.scoring:
        measured = (*measured, scoring(counted.tallied))
    names = {s.name for family in measured for s in (*family.rates, *family.gaps)}
    check_limits(options.limits, measured=names)
    tallied, unknown = known(counted.tallied, options=options)
    compared = comparisons(tallied, options=options)
    kept_back = hidden(compared, options=options)
    drafts = [
        draft
        for family in measured
        for draft in rate_drafts(tallied, family=family, options=options)
    ]
    drafts += [
        draft
        for comparison in compared
        for family in measured
        for draft in gap_drafts(comparison, family=family, options=options)
    ]
    if options.statistics:
        drafts = [draft for draft in drafts if draft.statistic.name in options.statistics]
    found, tests = finish(drafts, correction=options.correction, alpha=options.alpha)
    found = tuple(_shown(m, hidden=kept_back, options=options) for m in found)
    alike = notices.alike(counted.tallied)
    told = (
        *notices.told(compared, families=measured, hidden=kept_back, options=options),
        *notices.unknown(unknown, options=options),
        *alike,
    )
    assumed = counted.codings.notices if counted.codings else ()
    return Result(
        command="fairness",
        inputs={"data": side(source)},
        settings=_settings(options, counted=counted, tests=tests) | {"engine": engine.name},
        measurements=found,
        verdict=_verdict(found, alike=bool(alike)),
        notices=(*assumed, *left_out(counted.tallied), *told),
        details=sweeping.details(compared, options=options, hidden=kept_back)
        if options.sweep
        else {},
    )


def _verdict(found: Sequence[Measurement], *, alike: bool) -> State:
    """Judge the run; where no gap could be measured, or nobody differs, it is insufficient."""
    said = overall(found)
    gaps = [m for m in found if m.column is not None]
    nothing = alike or not any(m.value is not None for m in gaps)
    return State.INSUFFICIENT if said is State.OK and gaps and nothing else said


def _count(engine: Engine, source: Source, *, options: FairnessOptions) -> _Counted:
    """Count the groups as the kind of answer asks for."""
    roles = options.roles
    groupings = [Grouping((*options.control, *cut)) for cut in options.cuts]
    task, prediction = recognise(engine, source, roles=roles), roles.prediction or ""
    if task is Task.REGRESSION:
        errors = engine.errors(
            source, label=roles.target, prediction=prediction, groupings=groupings
        )
        return _Counted(task, tuple(errors))
    if task is Task.CLASSES:
        classes = class_names(engine, source, roles=roles)
        found = engine.classes(
            source, label=roles.target, decision=prediction, classes=classes, groupings=groupings
        )
        return _Counted(task, tuple(found), classes=classes)
    codings = binary_codings(engine, source, roles=roles)
    tallied = engine.binary(
        source,
        label=codings.label,
        decision=codings.decision,
        score=roles.score,
        groupings=groupings,
        grid=SCORE_GRID,
    )
    return _Counted(task, tuple(tallied), codings=codings)


def _check_scores(engine: Engine, source: Source, *, score: str) -> None:
    """Refuse scores that are no probabilities; rows without a score are left out later."""
    (outside,) = engine.violations(source, [Outside(score, low=0.0, high=1.0)])[None]
    if outside.rows:
        raise InvalidInput(
            f"column {score} of {source.label} holds {outside.rows} scores outside 0 to 1; a score "
            "is the probability of the positive label"
        )


def _shown(
    measured: Measurement,
    *,
    hidden: Hidden,
    options: FairnessOptions,
) -> Measurement:
    """Take the number from a group that must not be shown, and the rows from its gaps."""
    named = {*options.control, *options.sensitive}
    group = frozenset((k, v) for k, v in measured.slice.items() if k in named)
    if group in hidden:
        return withheld(measured, k=options.suppress, secondary=hidden[group])
    if measured.column is None:
        return measured
    wanted = {*options.control, *measured.column.split(JOINT)}
    inside = (one for one in hidden if {name for name, _ in one} == wanted)
    return uncounted(measured) if any(group <= one for one in inside) else measured


def _settings(options: FairnessOptions, *, counted: _Counted, tests: int) -> dict[str, object]:
    roles, codings = options.roles, counted.codings
    decision = codings.decision if codings else None
    return {
        "task": counted.task.value,
        "target": roles.target,
        "prediction": roles.prediction,
        "score": roles.score,
        "positive": codings.label.positive if codings else None,
        "positive_prediction": decision.positive if decision else None,
        "sensitive": list(options.sensitive),
        "intersect": options.intersect,
        "control": list(options.control),
        "bands": {name: list(bounds) for name, bounds in options.bands.items()},
        "minimum_group": options.minimum_group,
        "suppress_below": options.suppress,
        "reference_group": dict(options.reference_group),
        "reference_rule": options.reference_rule,
        "unknown": options.unknown,
        "minimum_share": options.minimum_share,
        "preset": options.preset,
        "confidence": options.level,
        "correction": options.correction,
        "alpha": options.alpha,
        "tests": tests,
        "limits": dict(options.limits),
    }
