"""How would decisions look if a gap between groups were narrowed: several ways, on rows kept apart.

Runs in a worker: fairlearn trains many models. Every way learns on one part of the rows and decides
on the other, so that accuracy and gap are those of rows it never saw.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

from lifecycle.adapters.mitigation_models import (
    Rule,
    chances,
    folded,
    learner,
    mean_of,
    numbers_and_texts,
    prepared,
    rule_of,
    whole,
)
from lifecycle.adapters.mitigation_rows import FEWEST, Data, Labels
from lifecycle.errors import InsufficientData

Constraint = Literal["demographic_parity", "equalized_odds"]
Report = Callable[[float, str], None]

TOLERANCES: Mapping[Constraint, tuple[float, ...]] = {
    "demographic_parity": (0.0, 0.05, 0.1),
    "equalized_odds": (0.0,),
}
"""Gaps that thresholds per group may leave; fairlearn leaves none in equalised odds."""

BOUNDS = (0.01, 0.05, 0.1)
"""Gaps that the reduction may leave on the rows it learns from."""

REMOVED = (0.5, 1.0)
"""Shares of the linear correlation with the group that are removed from the features."""

NEVER = 1e-9
"""Up to that weight, a model that a reduction could draw from is none; a numerical zero."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One way to decide, and what it decided.

    Parameters
    ----------
    strength
        How much it narrows, in its method's own terms.
    decisions
        Shape (n,), 0 or 1, of the rows kept apart.
    by_group
        Whether a person's decision depends on their group.
    model
        A pipeline that decides so from the columns in `features`.
    rule
        Thresholds by group of the version's own scores.
    fileless
        Why there is no model file.
    """

    name: str
    method: str
    strength: float | None
    decisions: Labels
    by_group: bool
    model: Any = None
    features: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    rule: Rule | None = None
    fileless: str = ""


def apart(n: int, *, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the positions of the rows to learn from and of those kept apart, about 6 to 4.

    Raises
    ------
    InsufficientData
        There are too few rows.
    """
    if n < 2 * FEWEST:
        raise InsufficientData(f"{n} rows with an outcome; mitigation needs at least {2 * FEWEST}")
    order = np.random.default_rng(seed).permutation(n)
    cut = int(n * 0.6)
    return np.sort(order[:cut]), np.sort(order[cut:])


def candidates(
    data: Data, *, constraint: Constraint, seed: int, report: Report
) -> Iterator[Candidate]:
    """Decide on the rows kept apart in several ways, from the version's own to the strictest.

    Notes
    -----
    Sources: Hardt, Price and Srebro (2016), arXiv:1610.02413, for thresholds per group; Agarwal et
    al. (2018), arXiv:1803.02453, for the reduction; both and the removal of correlation as in
    fairlearn. The model that learns is a logistic regression.
    """
    train, test = apart(len(data.labels), seed=seed)
    if data.decided is not None:
        yield Candidate("as decided", "none", None, data.decided[test], by_group=False)
    steps = [
        *([] if data.scores is None else [(_thresholds, t) for t in TOLERANCES[constraint]]),
        (_trained, None),
        *((_reduced, bound) for bound in BOUNDS),
        *((_removed, share) for share in REMOVED),
    ]
    for number, (way, strength) in enumerate(steps):
        report(number / len(steps), f"Trying way {number + 1} of {len(steps)}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a solver that stops early: its decisions count
            yield from way(data, train, test, strength=strength, constraint=constraint, seed=seed)


def _thresholds(
    data: Data,
    train: Labels,
    test: Labels,
    *,
    strength: float | None,
    constraint: Constraint,
    seed: int,
) -> Iterator[Candidate]:
    """Choose a threshold per group of the version's own scores."""
    from fairlearn.postprocessing import ThresholdOptimizer

    scores = np.asarray(data.scores, np.float64)
    chosen = ThresholdOptimizer(
        estimator=_Given(),
        constraints=constraint,
        prefit=True,
        predict_method="predict_proba",
        tol=strength or None,
    )
    chosen.fit(
        scores[train].reshape(-1, 1), data.labels[train], sensitive_features=data.groups[train]
    )
    rule = rule_of(chosen.interpolated_thresholder_.interpolation_dict)
    chance = chances(rule, scores[test], data.groups[test])
    said = np.random.default_rng(seed).random(len(test)) < chance
    name = f"thresholds by group, gap up to {strength:g}"
    yield Candidate(
        name, "ThresholdOptimizer", strength, _decisions(said), by_group=True, rule=rule
    )


def _trained(
    data: Data, train: Labels, test: Labels, *, strength: float | None, **_: object
) -> Iterator[Candidate]:
    """Train without any mitigation, to compare with."""
    preparation, columns, texts = _ready(data, train)
    model = learner().fit(preparation.fit_transform(columns.iloc[train]), data.labels[train])
    said = model.predict(preparation.transform(columns.iloc[test]))
    yield Candidate(
        "trained anew",
        "none",
        strength,
        _decisions(said),
        by_group=False,
        model=whole(preparation, model, classes=data.classes),
        features=tuple(columns.columns),
        categorical=tuple(texts),
    )


def _reduced(
    data: Data,
    train: Labels,
    test: Labels,
    *,
    strength: float | None,
    constraint: Constraint,
    seed: int,
) -> Iterator[Candidate]:
    """Train under a bound on the gap; decisions need no group, but are drawn by chance in part."""
    from fairlearn.reductions import DemographicParity, EqualizedOdds, ExponentiatedGradient

    moments = {"demographic_parity": DemographicParity, "equalized_odds": EqualizedOdds}
    bound = moments[constraint](difference_bound=strength)
    preparation, columns, texts = _ready(data, train)
    model = ExponentiatedGradient(learner(), bound, max_iter=20, eps=strength or 0.01)
    seen = preparation.fit_transform(columns.iloc[train])
    model.fit(seen, data.labels[train], sensitive_features=data.groups[train])
    x = preparation.transform(columns.iloc[test])
    drawn = [(w, m) for w, m in zip(model.weights_, model.predictors_, strict=True) if w > NEVER]
    mean = mean_of(drawn)
    single = len(drawn) == 1 and mean is not None

    def candidate(title: str, said: Any, held: Any, why: str = "") -> Candidate:
        return Candidate(
            title,
            "ExponentiatedGradient",
            strength,
            _decisions(said),
            by_group=False,
            model=None if held is None else whole(preparation, held, classes=data.classes),
            features=tuple(columns.columns),
            categorical=tuple(texts),
            fileless=why,
        )

    name = f"trained with each group within {strength:g} of all"
    why = f"each decision is drawn by chance from {len(drawn)} models, and a file holds one"
    said = model.predict(x, random_state=seed)
    yield candidate(name, said, mean if single else None, "" if single else why)
    if mean is not None and not single:
        yield candidate(f"{name}, by the mean of its models", mean.predict(x), mean)


def _removed(
    data: Data, train: Labels, test: Labels, *, strength: float | None, **_: object
) -> Iterator[Candidate]:
    """Train on features without their correlation with the group, which each decision reads."""
    from fairlearn.preprocessing import CorrelationRemover

    group, share = str(data.attribute.name), strength or 0.0
    preparation, columns, texts = _ready(data, train, last=[group])
    seen = preparation.fit_transform(columns.iloc[train])
    count = len(preparation.named_transformers_["group"].categories_[0])
    ids = range(seen.shape[1] - count, seen.shape[1])
    remover = CorrelationRemover(sensitive_feature_ids=ids, alpha=share).fit(seen)
    model = learner().fit(remover.transform(seen), data.labels[train])
    model = folded(model, beta=remover.beta_, mean=remover.sensitive_mean_, share=share)
    said = model.predict(preparation.transform(columns.iloc[test]))
    grouped = [] if pd.api.types.is_numeric_dtype(data.attribute) else [group]
    yield Candidate(
        f"trained with {strength:.0%} of the correlation removed",
        "CorrelationRemover",
        strength,
        _decisions(said),
        by_group=True,
        model=whole(preparation, model, classes=data.classes),
        features=tuple(columns.columns),
        categorical=(*texts, *grouped),
    )


def _ready(
    data: Data, train: Labels, *, last: list[str] | None = None
) -> tuple[Any, Any, list[str]]:
    """Return what prepares columns, the columns themselves, and which of them hold texts."""
    numbers, texts = numbers_and_texts(data.features.iloc[train])
    columns = data.features[[*numbers, *texts]]
    columns = columns.assign(**dict.fromkeys(last or (), data.attribute))
    return prepared(numbers, texts, last=last or ()), columns, texts


class _Given(ClassifierMixin, BaseEstimator):
    """Hands scores on as they are, as an estimator that was fitted already."""

    def __init__(self) -> None:
        self.classes_ = np.array([0, 1])

    def fit(self, *_: object) -> "_Given":
        """Return itself: nothing is learned."""
        return self

    def predict_proba(self, scores: Any) -> NDArray[np.float64]:
        """Return the scores as chances of the two classes."""
        chance = np.asarray(scores, np.float64).reshape(-1)
        return np.column_stack([1 - chance, chance])


def _decisions(said: Any) -> Labels:
    return np.asarray(said).reshape(-1).astype(np.int64)
