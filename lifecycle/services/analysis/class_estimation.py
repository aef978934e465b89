"""How well does a model of several classes work where outcomes are not known."""

from collections.abc import Mapping, Sequence

from lifecycle.domain.measurement import Window
from lifecycle.engines import Engine
from lifecycle.engines.contract import Source
from lifecycle.engines.windows import Windowing
from lifecycle.errors import InvalidInput
from lifecycle.services.analysis import backtest, calibrated, class_rows, estimating
from lifecycle.services.analysis.backtest import Tested
from lifecycle.services.analysis.class_rows import RANKING, ClassColumns, ClassRows
from lifecycle.services.analysis.estimating import (
    MATURE,
    EstimateOptions,
    acknowledged,
    windowing_of,
)
from lifecycle.services.analysis.periods import silences
from lifecycle.services.analysis.result import (
    Draft,
    Result,
    check_limits,
    finish,
    overall,
    side,
)
from lifecycle.stats import catalogue
from lifecycle.stats.inference import Estimate
from lifecycle.stats.performance.class_estimation import MEASURES, ClassCalibration

TWO = 2


def estimate_classes(
    engine: Engine, *, reference: Source, current: Source, options: EstimateOptions
) -> Result:
    """Estimate a model of several classes on current rows; outcomes there only test the estimate.

    Raises
    ------
    InvalidInput
        A class has no score, or a column, statistic or limit cannot be used.
    """
    wanted = _wanted(options)
    roles = options.roles
    columns = ClassColumns(roles.target, roles.prediction, roles.class_scores)
    class_rows.check_classes(engine, reference, columns=columns)
    windowing, notices = windowing_of(engine, current, options=options)
    before, now = (estimating.cut(engine, one, options=options) for one in (reference, current))
    learned = class_rows.learn(class_rows.read(engine, before, columns=columns)[None])
    tested: list[Tested] = []
    if windowing is not None and not isinstance(learned, Estimate):
        parts = class_rows.read(engine, before, columns=columns, windowing=windowing)
        tested = _left_out(parts, wanted=wanted, options=options, of=reference)
    drafts, found, told = _estimated(
        engine, now, columns, learned, windowing=windowing, wanted=wanted, options=options
    )
    drafts = estimating.limited(drafts, tested=tested, options=options)
    tested = [*found, *tested]
    measurements, _ = finish(acknowledged(drafts, tested))
    return Result(
        command="estimate",
        inputs={"reference": side(reference), "current": side(current)},
        settings=_settings(engine, options, wanted=wanted),
        measurements=measurements,
        verdict=overall(measurements),
        notices=(*notices, *silences(measurements), *told, *backtest.sentences(tested)),
        details=_details(learned) | backtest.as_details(tested),
    )


def _wanted(options: EstimateOptions) -> tuple[str, ...]:
    """Choose what to estimate, under the name of what is estimated."""
    if len(options.roles.class_scores) < TWO:
        raise InvalidInput(
            "a model of several classes is estimated from the score of every class: give --score "
            "CLASS=COL for each"
        )
    if options.costs is not None:
        raise InvalidInput("--value is about the decisions of a binary model")
    fitting = tuple(MEASURES) if options.roles.prediction else RANKING
    for name in options.statistics:
        catalogue.get(name)
        if name not in fitting:
            raise InvalidInput(
                f"{name} is not estimated with these columns; there is: {', '.join(fitting)}"
            )
    chosen = tuple(dict.fromkeys(options.statistics)) or fitting
    check_limits(options.limits, measured=chosen)
    return chosen


def _left_out(
    parts: Mapping[Window | None, ClassRows],
    *,
    wanted: Sequence[str],
    options: EstimateOptions,
    of: Source,
) -> list[Tested]:
    """Hold each of the reference's windows, estimated from the others, against its outcomes."""
    tested: list[Tested] = []
    for window, part in parts.items():
        others = [rows for other, rows in parts.items() if other != window]
        if part.matured < MATURE or not others:
            continue
        learned = class_rows.learn(ClassRows.joined(others))
        if not isinstance(learned, Estimate):
            found = class_rows.estimates(wanted, part, learned, confidence=options.confidence)
            name, shown = estimating.named(window, options=options, of=of)
            drafts = _drafts(wanted, found, slice=name, window=shown)
            tested += _tested(drafts, part, on="reference", options=options)
    return tested


def _estimated(
    engine: Engine,
    current: Source,
    columns: ClassColumns,
    learned: ClassCalibration | Estimate,
    *,
    windowing: Windowing | None,
    wanted: Sequence[str],
    options: EstimateOptions,
) -> tuple[list[Draft], list[Tested], list[str]]:
    """Estimate every part of the current side, and test those whose outcomes are known."""
    if columns.target not in current.names:
        columns = ClassColumns(None, columns.prediction, columns.scores)
    drafts: list[Draft] = []
    tested: list[Tested] = []
    left_out = 0
    parts = class_rows.read(engine, current, columns=columns, windowing=windowing)
    for window, part in parts.items():
        left_out += part.left_out
        found = class_rows.estimates(wanted, part, learned, confidence=options.confidence)
        name, shown = estimating.named(window, options=options, of=current)
        mine = _drafts(wanted, found, slice=name, window=shown)
        if part.matured >= MATURE and not isinstance(learned, Estimate):
            tested += _tested(mine, part, on="current", options=options)
        drafts += mine
    without = f"{left_out} of {current.rows} rows of {current.label} have no score between 0 and 1"
    told = [f"{without} for every class and are left out"] if left_out else []
    return drafts, tested, told


def _drafts(
    wanted: Sequence[str],
    found: Sequence[Estimate],
    *,
    slice: Mapping[str, str],  # noqa: A002 -- the domain's word
    window: Window | None,
) -> list[Draft]:
    return [
        Draft(catalogue.get(name), estimate, slice=slice, window=window)
        for name, estimate in zip(wanted, found, strict=True)
    ]


def _tested(
    drafts: Sequence[Draft], rows: ClassRows, *, on: str, options: EstimateOptions
) -> list[Tested]:
    """Hold the estimates of some rows against their outcomes."""
    return [
        Tested(
            on,
            draft.statistic,
            draft.slice,
            draft.window,
            estimated=draft.estimate,
            realised=class_rows.realised(draft.statistic.name, rows, confidence=options.confidence),
        )
        for draft in drafts
    ]


def _settings(
    engine: Engine, options: EstimateOptions, *, wanted: Sequence[str]
) -> dict[str, object]:
    roles = options.roles
    return {
        "engine": engine.name,
        "task": "classes",
        "target": roles.target,
        "prediction": roles.prediction,
        "score": dict(roles.class_scores),
        "statistics": list(wanted),
        "timestamp": options.timestamp,
        "window": options.window,
        "chunk_size": options.chunk_size,
        "confidence": options.confidence,
        "limits": dict(options.limits),
        "alert_on": options.alert_on,
        "assumes": "only the mix of rows changes, not the meaning of a score",
    }


def _details(learned: ClassCalibration | Estimate) -> dict[str, object]:
    """Say how the scores of each class were calibrated."""
    if isinstance(learned, Estimate):
        return calibrated.as_details(None)
    pairs = zip(learned.classes, learned.each, strict=True)
    return {
        "calibration": {c: calibrated.as_details(one)["calibration"] for c, one in pairs},
        "likeliest_class": calibrated.fit_json(learned.likeliest),
    }
