"""Trials that compare: with a constant answer, the champion, the training rows, other fits."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import KFold

from lifecycle.domain.model import Task
from lifecycle.errors import InvalidInput
from lifecycle.services.validation.bench import Bench, best_constant
from lifecycle.services.validation.tried import Trial, Tried, failure, inapplicable
from lifecycle.stats.validation import calibration, levels, paired

NO_FILE = "the version has no model file that can be run"
NO_TRAINING = "the version names no training snapshot with an outcome"


def gain(bench: Bench, first: NDArray[Any], second: NDArray[Any]) -> Tried:
    """Compare two sets of answers by the measure chosen."""
    return Tried(
        paired.gain(
            bench.metric,
            bench.rows.labels,
            bench.judged(first),
            second if second is first else bench.judged(second),
            rng=bench.rng,
            confidence=bench.confidence,
        )
    )


def baseline_gain(bench: Bench) -> Trial:
    """Compare with the best constant answer."""
    constant = best_constant(bench)
    yield Tried(
        paired.gain(
            bench.metric,
            bench.rows.labels,
            bench.judged(bench.answers),
            constant,
            rng=bench.rng,
            confidence=bench.confidence,
        )
    )


def champion_gain(bench: Bench) -> Trial:
    """Compare with the champion on the same rows."""
    theirs = _of_champion(bench)
    if isinstance(theirs, Tried):
        yield theirs
        return
    found = gain(bench, bench.answers, theirs)
    assert bench.champion is not None  # noqa: S101 -- it just answered
    yield Tried(found.estimate, column=bench.champion.about.version_id)


def decision_gain(bench: Bench) -> Trial:
    """Compare decisions with the champion's on the same rows."""
    if bench.task is Task.REGRESSION:
        yield inapplicable("a regression decides nothing")
        return
    theirs = _of_champion(bench)
    if isinstance(theirs, Tried):
        yield theirs
        return
    assert bench.champion is not None  # noqa: S101 -- it just answered
    labels = bench.rows.labels
    right = bench.decisions(bench.answers) == labels
    also = bench.champion.decisions(theirs) == labels
    found = paired.accuracy_difference(right, also, confidence=bench.confidence)
    yield Tried(found, column=bench.champion.about.version_id)


def _of_champion(bench: Bench) -> NDArray[Any] | Tried:
    champion = bench.champion
    if champion is None:
        return inapplicable("there is no champion with a model file that can be run")
    if champion.about.version_id == bench.version_id:
        return inapplicable(f"{bench.version_id} is the champion itself")
    if champion.scored is not bench.scored:
        return inapplicable(f"{champion.about.version_id} and it answer in different ways")
    try:
        return champion.answers(bench.rows.frame)
    except InvalidInput as error:
        return failure(str(error), column=champion.about.version_id)


def generalisation_gap(bench: Bench) -> Trial:
    """Compare with the rows it was trained on."""
    if bench.model is None:
        yield inapplicable(NO_FILE)
    elif bench.training is None:
        yield inapplicable(NO_TRAINING)
    else:
        fitted = bench.judged(bench.model.answers(bench.training.frame))
        now = bench.judged(bench.answers)
        yield Tried(
            levels.generalisation_gap(
                bench.metric,
                (bench.training.labels, fitted),
                (bench.rows.labels, now),
                confidence=bench.confidence,
            )
        )


def fold_spread(bench: Bench) -> Trial:
    """Fit the recipe again without one fold after the other."""
    cut = KFold(bench.settings.fits, shuffle=True, random_state=bench.seed)

    def fits(model: Any, n: int) -> list[tuple[Any, NDArray[Any]]]:
        return [(clone(model), kept) for kept, _ in cut.split(np.arange(n))]

    yield _refitted(bench, fits)


def seed_spread(bench: Bench) -> Trial:
    """Fit the recipe again with other seeds."""
    model = None if bench.model is None else bench.model.model
    names = [] if model is None else [k for k in model.get_params() if k.endswith("random_state")]
    if model is not None and not names:
        yield inapplicable("nothing in the model draws at random")
        return

    def fits(model: Any, n: int) -> list[tuple[Any, NDArray[Any]]]:
        seeds = range(bench.seed, bench.seed + bench.settings.fits)
        fresh: Callable[..., Any] = clone
        made = [fresh(model).set_params(**dict.fromkeys(names, seed)) for seed in seeds]
        return [(one, np.arange(n)) for one in made]

    yield _refitted(bench, fits)


def _refitted(bench: Bench, fits: Callable[[Any, int], list[tuple[Any, NDArray[Any]]]]) -> Tried:
    """Measure every fit on the assessed rows, and how far the fits are apart."""
    if bench.model is None:
        return inapplicable(NO_FILE)
    if bench.training is None:
        return inapplicable(NO_TRAINING)
    frame = bench.training.frame
    target = frame[bench.columns.target]
    given = frame[list(bench.features)]
    values: list[float] = []
    for fresh, kept in fits(bench.model.model, len(frame)):
        try:
            fresh.fit(given.iloc[kept], target.iloc[kept])
            answers = bench.model.of(fresh, bench.rows.frame)
        except Exception as error:  # noqa: BLE001 -- whatever a recipe raises is its result
            return failure(f"fitting again raises {type(error).__name__}: {error}"[:300])
        found = levels.level(bench.metric, bench.rows.labels, bench.judged(answers))
        if found is not None:
            values.append(found.value)
    return Tried(levels.spread(values, n=len(bench.rows), confidence=bench.confidence))


def calibration_slope(bench: Bench) -> Trial:
    """Fit outcomes on the scores' log-odds."""
    yield _calibrated(bench, calibration.calibration_slope)


def calibration_intercept(bench: Bench) -> Trial:
    """Compare outcomes with the scores in the large."""
    yield _calibrated(bench, calibration.calibration_intercept)


def _calibrated(bench: Bench, measure: Callable[..., Any]) -> Tried:
    if not bench.scored:
        return inapplicable("the version gives no scores")
    return Tried(measure(bench.rows.labels, bench.answers, confidence=bench.confidence))
