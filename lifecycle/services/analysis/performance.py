"""How good a model's answers are: overall, by segment and over time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from lifecycle.domain.value import CostMatrix, as_settings
from lifecycle.engines import Engine
from lifecycle.engines.contract import Grouping, Source, Tallied
from lifecycle.engines.windows import Windowing
from lifecycle.errors import InsufficientData, InvalidInput
from lifecycle.services.analysis.classes import measure_class_scores
from lifecycle.services.analysis.outcomes import (
    Roles,
    Task,
    binary_codings,
    class_names,
    left_out,
    recognise,
)
from lifecycle.services.analysis.periods import silences, windows_of
from lifecycle.services.analysis.result import (
    Draft,
    Result,
    check_limits,
    finish,
    overall,
    side,
)
from lifecycle.services.analysis.streams import change_points, stream_json
from lifecycle.stats import catalogue
from lifecycle.stats.catalogue import Needs, Statistic

FROM_SCORES = frozenset({"roc_auc", "average_precision", "brier", "log_loss", "ece"})
"""What reads the score; everything else of a binary model reads the decision."""

NEEDS = {
    Task.BINARY: Needs.BINARY,
    Task.CLASSES: Needs.CLASSES,
    Task.REGRESSION: Needs.REGRESSION,
}


@dataclass(frozen=True, slots=True)
class PerformanceOptions:
    """What a performance run measures.

    Parameters
    ----------
    timestamp, window
        Cut the rows into windows of that width.
    segments
        Columns whose values are measured one by one, beside all rows.
    statistics
        Names of the catalogue; all that fit when empty.
    limits
        By statistic; nothing is judged without one.
    costs
        What decisions are worth, to measure their value too.
    changes
        Detectors that say when the level of the errors changed; none when empty.
    """

    roles: Roles
    timestamp: str | None = None
    window: str | None = None
    segments: Sequence[str] = ()
    statistics: Sequence[str] = ()
    confidence: float = 0.95
    limits: Mapping[str, float] = field(default_factory=dict[str, float])
    costs: CostMatrix | None = None
    changes: Sequence[str] = ()


def measure_performance(engine: Engine, *, source: Source, options: PerformanceOptions) -> Result:
    """Measure a model's performance from rows with outcomes.

    Raises
    ------
    InvalidInput
        A column or label is missing, or nothing says what is positive.
    """
    roles = options.roles
    named = (roles.target, roles.prediction, roles.score, *roles.class_scores.values())
    for name in (*named, *options.segments):
        if name is not None:
            source.column(name)
    windowing, notices = windows_of(
        engine, source, timestamp=options.timestamp, window=options.window
    )
    task = recognise(engine, source, roles=roles)
    wanted = _wanted(task, options=options)
    names = {s.name for s in wanted}
    check_limits(options.limits, measured=names)
    groupings = [
        Grouping(columns, windowing) for columns in ((), *((name,) for name in options.segments))
    ]
    counted, positive, assumed = _tally(engine, source, task=task, roles=roles, by=groupings)
    tallied = list(counted)
    drafts = [d for t in tallied for d in _drafts(t, wanted=wanted, options=options)]
    if roles.class_scores:
        drafts += measure_class_scores(
            engine, source, roles=roles, groupings=groupings, confidence=options.confidence
        )
    measurements, _ = finish(drafts)
    details, changed = _changes(engine, source, task=task, options=options)
    return Result(
        command="performance",
        inputs={"data": side(source)},
        settings=_settings(options, task=task, windowing=windowing)
        | {"engine": engine.name, "positive": positive},
        measurements=measurements,
        verdict=overall(measurements),
        notices=(*notices, *silences(measurements), *assumed, *left_out(tallied), *changed),
        details=details,
    )


def _changes(
    engine: Engine, source: Source, *, task: Task, options: PerformanceOptions
) -> tuple[dict[str, object], tuple[str, ...]]:
    """Say when the level of the errors changed, for programs and for people."""
    roles = options.roles
    if not options.changes:
        return {}, ()
    if options.timestamp is None or roles.prediction is None:
        raise InvalidInput("--changes follows errors in time: give --timestamp and --prediction")
    coded = None
    if task is Task.BINARY:
        codings = binary_codings(engine, source, roles=roles)
        if codings.decision is not None:
            coded = (codings.label, codings.decision)
    try:
        stream = change_points(
            engine,
            source,
            timestamp=options.timestamp,
            target=roles.target,
            prediction=roles.prediction,
            codings=coded,
            detectors=options.changes,
        )
    except InsufficientData as error:
        return {"change_points": {"changes": [], "reason": str(error)}}, (str(error),)
    told = [f"{change.at:%Y-%m-%d %H:%M:%S} UTC: {change.sentence}" for change in stream.changes]
    nothing = f"no detector saw the errors of {stream.n} rows change their level"
    return {"change_points": stream_json(stream)}, tuple(told or [nothing])


def _settings(
    options: PerformanceOptions, *, task: Task, windowing: Windowing | None
) -> dict[str, object]:
    roles = options.roles
    return {
        "task": task.value,
        "target": roles.target,
        "prediction": roles.prediction,
        "score": dict(roles.class_scores) or roles.score,
        "timestamp": options.timestamp,
        "window": windowing.width.text if windowing else None,
        "segments": list(options.segments),
        "confidence": options.confidence,
        "limits": dict(options.limits),
        "changes": list(options.changes),
        "value": as_settings(options.costs) if options.costs else None,
    }


def _tally(
    engine: Engine, source: Source, *, task: Task, roles: Roles, by: Sequence[Grouping]
) -> tuple[Iterator[Tallied], str | None, tuple[str, ...]]:
    if task is Task.BINARY:
        codings = binary_codings(engine, source, roles=roles)
        tallied = engine.binary(
            source,
            label=codings.label,
            decision=codings.decision,
            score=roles.score,
            groupings=by,
        )
        return tallied, codings.label.positive, codings.notices
    if task is Task.CLASSES:
        names = class_names(engine, source, roles=roles)
        tallied = engine.classes(
            source,
            label=roles.target,
            decision=roles.prediction or "",
            classes=names,
            groupings=by,
        )
        return tallied, None, ()
    if roles.prediction is None:
        raise InvalidInput("give --prediction: a regression's errors need what was predicted")
    tallied = engine.errors(source, label=roles.target, prediction=roles.prediction, groupings=by)
    return tallied, None, ()


def _wanted(task: Task, *, options: PerformanceOptions) -> tuple[Statistic, ...]:
    fitting = [s for s in catalogue.PERFORMANCE if NEEDS[task] in s.needs]
    if task is Task.BINARY:
        if options.roles.score is None:
            fitting = [s for s in fitting if s.name not in FROM_SCORES]
        if options.roles.prediction is None:
            fitting = [s for s in fitting if s.name in FROM_SCORES]
        elif options.costs is not None:
            fitting += in_money(options.costs)
    if options.costs is not None and not any(s.unit == options.costs.currency for s in fitting):
        raise InvalidInput("--value needs a binary model's decisions: give --prediction")
    if not options.statistics:
        return tuple(fitting)
    known = {s.name: s for s in fitting}
    for name in options.statistics:
        catalogue.get(name)
        if name not in known:
            raise InvalidInput(
                f"{name} is not measured for a {task} model with these columns; there is: "
                f"{', '.join(known)}"
            )
    return tuple(known[name] for name in dict.fromkeys(options.statistics))


def in_money(costs: CostMatrix) -> list[Statistic]:
    """Return the statistics of value, with what decisions are worth and its currency in them."""
    return [
        replace(s, unit=costs.currency, measure=partial(s.measure, worth=costs.weights))
        for s in (catalogue.get("value_per_decision"), catalogue.get("total_value"))
    ]


def _drafts(
    tallied: Tallied, *, wanted: Sequence[Statistic], options: PerformanceOptions
) -> list[Draft]:
    return [
        Draft(
            statistic=statistic,
            estimate=statistic.measure(tallied.tally, confidence=options.confidence),
            slice=tallied.slice,
            window=tallied.window,
            limit=options.limits.get(statistic.name),
        )
        for statistic in wanted
    ]
