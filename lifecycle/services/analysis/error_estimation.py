"""How large are a regression's errors where outcomes are not known, from a labelled reference."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from lifecycle.adapters.error_model import Predict, fitted
from lifecycle.domain.measurement import Window
from lifecycle.engines import Engine
from lifecycle.engines.contract import Grouping, Source
from lifecycle.engines.windows import Windowing
from lifecycle.errors import InvalidInput
from lifecycle.services.analysis import backtest, estimating, row_windows
from lifecycle.services.analysis.backtest import Tested
from lifecycle.services.analysis.columns import choose_columns, identifier_like
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
from lifecycle.stats.performance import expected_errors
from lifecycle.stats.performance.expected_errors import FEWEST_ROWS, Skill, skill
from lifecycle.stats.summaries import CategoryProfile, ErrorTally, FloatArray

POWERS = {"mae": 1, "rmse": 2}
"""What is estimated, and the power of the error whose size is learned for it."""

MOST_ROWS = 50_000
"""Rows of the reference to learn from, evenly spaced; more change the last digits."""

MOST_CATEGORIES = 200
"""Categories of a column that are told apart; the trees take up to 255."""


@dataclass(frozen=True, slots=True)
class Features:
    """The columns that may tell large errors from small ones; the prediction is one of them."""

    target: str
    numbers: tuple[str, ...]
    categories: Mapping[str, tuple[str, ...]]
    notices: tuple[str, ...]

    @property
    def categorical(self) -> list[int]:
        """The positions of the categories among the features."""
        return list(range(len(self.numbers), len(self.numbers) + len(self.categories)))


@dataclass(frozen=True, slots=True)
class _Choice:
    """The options that choose columns."""

    exclude: Sequence[str]
    sides: Sequence[str]
    columns: Sequence[str] = ()
    categorical: Sequence[str] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """A model of the size of one statistic's errors with its skill, or why there is none."""

    skill: Skill | None
    predict: Predict | None
    refusal: Estimate | None


def estimate_errors(
    engine: Engine, *, reference: Source, current: Source, options: EstimateOptions
) -> Result:
    """Estimate a regression's errors on current rows; outcomes there only test the estimate."""
    if options.roles.prediction is None:
        raise InvalidInput("give --prediction: a regression's errors need what was predicted")
    if options.costs is not None:
        raise InvalidInput("--value is about the decisions of a binary model")
    wanted = _wanted(options)
    windowing, notices = windowing_of(engine, current, options=options)
    features = _features(engine, reference, current, options=options)
    learned = learn(engine, reference, features=features, wanted=wanted)
    now = estimating.cut(engine, current, options=options)
    drafts: list[Draft] = []
    for window, rows in by_window(engine, now, features=features, windowing=windowing).items():
        name, shown = estimating.named(window, options=options, of=current)
        drafts += [
            Draft(
                catalogue.get(statistic),
                estimate_of(statistic, rows, learned[statistic], confidence=options.confidence),
                slice=name,
                window=shown,
            )
            for statistic in wanted
        ]
    tested = _test(engine, now, drafts, windowing=windowing, options=options)
    drafts = acknowledged(estimating.limited(drafts, tested=(), options=options), tested)
    measurements, _ = finish(drafts)
    return Result(
        command="estimate",
        inputs={"reference": side(reference), "current": side(current)},
        settings=_settings(engine, options, features=features, wanted=wanted),
        measurements=measurements,
        verdict=overall(measurements),
        notices=(
            *notices,
            *silences(measurements),
            *features.notices,
            *backtest.sentences(tested),
        ),
        details=_details(learned) | backtest.as_details(tested),
    )


def _wanted(options: EstimateOptions) -> tuple[str, ...]:
    if options.alert_on:
        raise InvalidInput("alert-on is not for a regression's estimate: give --limit mae=…")
    for name in options.statistics:
        catalogue.get(name)
        if name not in POWERS:
            raise InvalidInput(f"{name} is not estimated of numbers; there is: {', '.join(POWERS)}")
    chosen = tuple(dict.fromkeys(options.statistics)) or tuple(POWERS)
    check_limits(options.limits, measured=chosen)
    return chosen


def _features(
    engine: Engine, reference: Source, current: Source, *, options: EstimateOptions
) -> Features:
    """Choose the columns both sides share; what numbers the rows or names them tells nothing."""
    roles = options.roles
    answers = (roles.target, roles.prediction or "")
    choice = choose_columns(
        reference,
        current,
        options=_Choice(exclude=answers, sides=options.sides),
        timestamp=options.timestamp,
    )
    numbers, notices = [answers[1]], list(choice.notices)
    categories: dict[str, tuple[str, ...]] = {}
    for column in choice.columns:
        found = engine.baseline(
            reference, column.name, bins=10, categorical=column.categorical, keep=False
        )
        profile = found.counted.profile
        if why := identifier_like(found, column=column):
            notices.append(why)
        elif isinstance(profile, CategoryProfile):
            categories[column.name] = profile.categories[:MOST_CATEGORIES]
        else:
            numbers.append(column.name)
    return Features(roles.target, tuple(numbers), categories, tuple(notices))


def learn(
    engine: Engine, reference: Source, *, features: Features, wanted: Sequence[str]
) -> dict[str, Learned]:
    """Learn the size of errors from the reference, and refuse what shows no skill."""
    step = -(-reference.rows // MOST_ROWS)
    batches = engine.batches(
        reference,
        numbers=[features.target, *features.numbers],
        categories=features.categories,
    )
    values = np.concatenate([batch.values for batch in batches], axis=1)[:, ::step]
    values = values[:, np.isfinite(values[:2]).all(axis=0)]
    errors, rows = np.abs(values[1] - values[0]), values[1:].T
    if len(rows) < FEWEST_ROWS:
        reason = (
            f"the reference has {len(rows)} rows with an outcome and a prediction; at least "
            f"{FEWEST_ROWS} are needed to learn the size of errors"
        )
        few = Learned(None, None, Estimate(None, 0, reason=reason, insufficient=True))
        return dict.fromkeys(wanted, few)
    return {
        name: _judged(errors ** POWERS[name], rows, categorical=features.categorical)
        for name in wanted
    }


def _judged(sizes: FloatArray, rows: FloatArray, *, categorical: Sequence[int]) -> Learned:
    unseen, predict = fitted(rows, sizes, categorical=categorical)
    known = skill(sizes, unseen)
    if known.enough:
        return Learned(known, predict, None)
    reason = (
        "the columns do not tell large errors from small ones: on rows unseen they explain "
        f"{known.explained:.1%} of the variance (z {known.z:.1f})"
    )
    return Learned(known, None, Estimate(None, 0, reason=reason))


def by_window(
    engine: Engine, source: Source, *, features: Features, windowing: Windowing | None
) -> dict[Window | None, FloatArray]:
    """Return the rows with a prediction by window, oldest first, shape (rows, features)."""
    found = row_windows.by_window(
        engine,
        source,
        numbers=features.numbers,
        categories=features.categories,
        windowing=windowing,
    )
    return {window: rows[:, np.isfinite(rows[0])].T for window, rows in found.items()}


def estimate_of(name: str, rows: FloatArray, learned: Learned, *, confidence: float) -> Estimate:
    """Estimate ``mae`` or ``rmse`` of rows, or hand on why the reference teaches nothing."""
    if learned.refusal is not None or learned.predict is None or learned.skill is None:
        refusal = learned.refusal or Estimate(None, 0)
        return Estimate(None, len(rows), reason=refusal.reason, insufficient=refusal.insufficient)
    expected = learned.predict(rows) if len(rows) else np.empty((1, 0))
    measure = expected_errors.mean_size if name == "mae" else expected_errors.root_mean_square
    return measure(expected, known=learned.skill, confidence=confidence)


def _test(
    engine: Engine,
    current: Source,
    drafts: Sequence[Draft],
    *,
    windowing: Windowing | None,
    options: EstimateOptions,
) -> list[Tested]:
    """Hold the estimates against outcomes, in the windows where enough of them are known."""
    roles = options.roles
    if roles.target not in current.names or roles.prediction is None:
        return []
    known: dict[tuple[str, Window | None], ErrorTally] = {}
    tallied = engine.errors(
        current,
        label=roles.target,
        prediction=roles.prediction,
        groupings=[Grouping((), windowing)],
    )
    for found in tallied:
        name, window = estimating.named(found.window, options=options, of=current)
        tally = found.tally
        if isinstance(tally, ErrorTally) and tally.rows - tally.unlabelled >= MATURE * tally.rows:
            known[" ".join(name.values()), window] = tally
    return [
        Tested(
            "current",
            draft.statistic,
            draft.slice,
            draft.window,
            estimated=draft.estimate,
            realised=draft.statistic.measure(tally, confidence=options.confidence),
        )
        for draft in drafts
        if (tally := known.get((" ".join(draft.slice.values()), draft.window))) is not None
    ]


def _settings(
    engine: Engine, options: EstimateOptions, *, features: Features, wanted: Sequence[str]
) -> dict[str, object]:
    return {
        "engine": engine.name,
        "task": "regression",
        "target": options.roles.target,
        "prediction": options.roles.prediction,
        "features": [*features.numbers, *features.categories],
        "statistics": list(wanted),
        "timestamp": options.timestamp,
        "window": options.window,
        "chunk_size": options.chunk_size,
        "confidence": options.confidence,
        "limits": dict(options.limits),
        "assumes": "only the mix of rows changes, not how outcomes follow from them",
    }


def _details(learned: Mapping[str, Learned]) -> dict[str, object]:
    """Say what the models of the errors' sizes were worth."""
    return {
        "error_model": {
            name: None
            if one.skill is None
            else asdict(one.skill) | {"refused": not one.skill.enough}
            for name, one in learned.items()
        }
    }
