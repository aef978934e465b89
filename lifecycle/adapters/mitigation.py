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

from lifecycle.errors import InsufficientData

Constraint = Literal["demographic_parity", "equalized_odds"]
Report = Callable[[float, str], None]
Labels = NDArray[np.int64]

TOLERANCES = (0.0, 0.05, 0.1)
"""Gaps that thresholds per group may leave."""

BOUNDS = (0.01, 0.05, 0.1)
"""Gaps that the reduction may leave on the rows it learns from."""

REMOVED = (0.5, 1.0)
"""Shares of the linear correlation with the group that are removed from the features."""

LEVELS = 20
"""A text column of more values than that is left out of the features."""

FEWEST = 200
"""Fewest rows to learn and to decide on; a house default."""


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """Rows to learn from and to decide on.

    Parameters
    ----------
    features
        Numbers and texts by column, without the attribute itself.
    labels
        Shape (n,), 0 or 1.
    groups
        Shape (n,), the attribute's value of each row.
    scores, decided
        Shape (n,), the version's own scores and decisions, where it has any.
    """

    features: pd.DataFrame
    labels: Labels
    groups: NDArray[np.object_]
    scores: NDArray[np.float64] | None
    decided: Labels | None


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
    """

    name: str
    method: str
    strength: float | None
    decisions: Labels
    by_group: bool


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
        *([] if data.scores is None else [(_thresholds, t) for t in TOLERANCES]),
        (_trained, None),
        *((_reduced, bound) for bound in BOUNDS),
        *((_removed, share) for share in REMOVED),
    ]
    for number, (way, strength) in enumerate(steps):
        report(number / len(steps), f"Trying way {number + 1} of {len(steps)}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a solver that stops early: its decisions count
            yield way(data, train, test, strength=strength, constraint=constraint, seed=seed)


def _thresholds(
    data: Data,
    train: Labels,
    test: Labels,
    *,
    strength: float | None,
    constraint: Constraint,
    seed: int,
) -> Candidate:
    """Choose a threshold per group of the version's own scores."""
    from fairlearn.postprocessing import ThresholdOptimizer

    scores = np.asarray(data.scores).reshape(-1, 1)
    chosen = ThresholdOptimizer(
        estimator=_Given(),
        constraints=constraint,
        prefit=True,
        predict_method="predict_proba",
        tol=strength or None,
    )
    chosen.fit(scores[train], data.labels[train], sensitive_features=data.groups[train])
    said = chosen.predict(scores[test], sensitive_features=data.groups[test], random_state=seed)
    name = f"thresholds by group, gap up to {strength:g}"
    return Candidate(name, "ThresholdOptimizer", strength, _decisions(said), by_group=True)


def _trained(
    data: Data, train: Labels, test: Labels, *, strength: float | None, **_: object
) -> Candidate:
    """Train without any mitigation, to compare with."""
    x = _numbers(data.features, train)
    model = _learner().fit(x[train], data.labels[train])
    return Candidate(
        "trained anew", "none", strength, _decisions(model.predict(x[test])), by_group=False
    )


def _reduced(
    data: Data,
    train: Labels,
    test: Labels,
    *,
    strength: float | None,
    constraint: Constraint,
    seed: int,
) -> Candidate:
    """Train under a bound on the gap; decisions need no group, but are drawn by chance in part."""
    from fairlearn.reductions import DemographicParity, EqualizedOdds, ExponentiatedGradient

    moments = {"demographic_parity": DemographicParity, "equalized_odds": EqualizedOdds}
    bound = moments[constraint](difference_bound=strength)
    x = _numbers(data.features, train)
    model = ExponentiatedGradient(_learner(), bound, max_iter=20, eps=strength or 0.01)
    model.fit(x[train], data.labels[train], sensitive_features=data.groups[train])
    said = model.predict(x[test], random_state=seed)
    name = f"trained with each group within {strength:g} of all"
    return Candidate(name, "ExponentiatedGradient", strength, _decisions(said), by_group=False)


def _removed(
    data: Data, train: Labels, test: Labels, *, strength: float | None, **_: object
) -> Candidate:
    """Train on features without their correlation with the group, which each decision reads."""
    from fairlearn.preprocessing import CorrelationRemover

    of = pd.get_dummies(pd.Series(data.groups)).to_numpy(np.float64)
    x = np.column_stack([of, _numbers(data.features, train)])
    remover = CorrelationRemover(sensitive_feature_ids=range(of.shape[1]), alpha=strength or 0.0)
    remover.fit(x[train])
    model = _learner().fit(remover.transform(x[train]), data.labels[train])
    said = model.predict(remover.transform(x[test]))
    name = f"trained with {strength:.0%} of the correlation removed"
    return Candidate(name, "CorrelationRemover", strength, _decisions(said), by_group=True)


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


def _learner() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=500)


def _numbers(features: pd.DataFrame, train: Labels) -> NDArray[np.float64]:
    """Turn columns into numbers of about one size; what is missing takes the middle."""
    parts: list[NDArray[np.float64]] = []
    for name in features.columns:
        values = features[name]
        if pd.api.types.is_numeric_dtype(values):
            column = values.to_numpy(np.float64, na_value=np.nan)
            known = column[train][np.isfinite(column[train])]
            middle, spread = (float(np.median(known)), float(known.std())) if len(known) else (0, 0)
            column = np.where(np.isfinite(column), column, middle)
            parts.append(((column - middle) / (spread or 1.0)).reshape(-1, 1))
        elif len(values.unique()) <= LEVELS:
            parts.append(pd.get_dummies(values.astype("str")).to_numpy(np.float64))
    if not parts:
        raise InsufficientData("no feature holds numbers or a few texts to learn from")
    return np.column_stack(parts)


def _decisions(said: Any) -> Labels:
    return np.asarray(said).reshape(-1).astype(np.int64)


def columns(rows: pd.DataFrame, given: Mapping[str, Any]) -> Data:
    """Read the columns of a snapshot, without rows that have no outcome.

    Parameters
    ----------
    given
        ``target``, ``positive``, ``features`` and ``attribute``; ``score``, ``prediction`` and
        ``threshold`` where the version has them.
    """
    rows = rows.dropna(subset=[given["target"]]).reset_index(drop=True)
    groups = rows[given["attribute"]]
    scores = rows[given["score"]].to_numpy(np.float64) if given.get("score") else None
    decided = None
    if given.get("prediction"):
        decided = _positive(rows, given["prediction"], given["positive"])
    elif scores is not None and given.get("threshold") is not None:
        decided = (scores >= given["threshold"]).astype(np.int64)
    usable = scores is not None and bool(np.all((scores >= 0) & (scores <= 1)))
    names = [name for name in given["features"] if name != given["attribute"]]
    return Data(
        features=rows.loc[:, names],
        labels=_positive(rows, given["target"], given["positive"]),
        groups=groups.astype("str").where(groups.notna(), "(missing)").to_numpy(object),
        scores=scores if usable else None,
        decided=decided,
    )


def _positive(rows: pd.DataFrame, name: str, positive: str | None) -> Labels:
    """Tell the positive label, written as the catalogue writes it, from all others."""
    written = rows[name].astype("str").str.removesuffix(".0").str.casefold()
    wanted = {"1", "true"} if positive is None else {positive.casefold()}
    found = written.isin(wanted)
    if positive is not None and not found.any():  # a prediction coded 0/1 beside a named label
        found = written.isin({"1", "true"})
    return found.to_numpy().astype(np.int64)
