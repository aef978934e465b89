"""How ways to narrow a gap are trained and written down: pipelines of scikit-learn, plain rules.

Each pipeline takes the columns as they are, so that the file that is kept decides exactly as the
way that was measured.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from lifecycle.errors import InsufficientData

LEVELS = 20
"""A text column of more values than that is left out of the features."""

ALWAYS = -1.0
"""Below every score: what is decided positive whatever its score is."""

Rule = Mapping[str, Sequence[Mapping[str, float]]]
"""By group, steps of `chance` and `above`: a score above it adds that chance of a positive one."""


def numbers_and_texts(features: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Return the columns to learn from: numbers, and texts of few values.

    Raises
    ------
    InsufficientData
        There is neither.
    """
    kinds = pd.api.types
    numbers = [
        str(name)
        for name, values in features.items()
        if kinds.is_numeric_dtype(values) and not kinds.is_bool_dtype(values)
    ]
    texts = [
        str(name)
        for name, values in features.items()
        if str(name) not in numbers and _few_texts(values)
    ]
    if not numbers and not texts:
        raise InsufficientData("no feature holds numbers or a few texts to learn from")
    return numbers, texts


def prepared(numbers: list[str], texts: list[str], *, last: Sequence[str] = ()) -> Any:
    """Return what turns columns into numbers of about one size; what is missing takes the middle.

    Parameters
    ----------
    last
        A column whose categories come after all others.
    """
    scaled = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    parts: list[tuple[str, Any, list[str]]] = [
        ("numbers", scaled, numbers),
        ("texts", _categories(), texts),
        ("group", _categories(), list(last)),
    ]
    return ColumnTransformer([part for part in parts if part[2]])


def learner() -> Any:
    """Return the model that every way trains."""
    return LogisticRegression(max_iter=500)


def whole(preparation: Any, model: Any, *, classes: Sequence[str]) -> Any:
    """Return a pipeline from columns to decisions, which it calls by the target's labels.

    Parameters
    ----------
    classes
        The negative and the positive label.
    """
    model.classes_ = np.array(list(classes))
    return Pipeline([("columns", preparation), ("model", model)])


def folded(
    model: Any, *, beta: NDArray[np.float64], mean: NDArray[np.float64], share: float
) -> Any:
    """Write a linear model behind a removal of correlation as one linear model with the group.

    Parameters
    ----------
    model
        Trained on features from which a share of their correlation with the group was removed.
    beta
        Shape (groups, features), the removed slopes.
    mean
        Shape (groups,), the groups' shares in the rows learned from.
    """
    slopes = share * beta @ model.coef_[0]
    made = learner()
    made.coef_ = np.concatenate([model.coef_[0], -slopes]).reshape(1, -1)
    made.intercept_ = model.intercept_ + mean @ slopes
    made.classes_, made.n_iter_ = model.classes_, model.n_iter_
    made.n_features_in_ = made.coef_.shape[1]
    return made


def mean_of(drawn: Sequence[tuple[float, Any]]) -> Any:
    """Return the weighted mean of linear models as one; ``None`` where one of them is constant."""
    if not all(hasattr(model, "coef_") for _, model in drawn):
        return None
    made, first = learner(), drawn[0][1]
    made.coef_ = sum(weight * model.coef_ for weight, model in drawn)
    made.intercept_ = sum(weight * model.intercept_ for weight, model in drawn)
    made.classes_, made.n_iter_ = first.classes_, first.n_iter_
    made.n_features_in_ = first.n_features_in_
    return made


def rule_of(interpolation: Mapping[str, Any]) -> Rule:
    """Read thresholds by group out of what fairlearn interpolates between."""
    return {str(group): _steps(found) for group, found in interpolation.items()}


def chances(
    rule: Rule, scores: NDArray[np.float64], groups: NDArray[np.object_]
) -> NDArray[np.float64]:
    """Return each row's chance of a positive decision; a group that is not in the rule has none.

    Parameters
    ----------
    scores, groups
        Shape (n,).
    """
    found = np.zeros(len(scores))
    for group, steps in rule.items():
        mine = groups == group
        for step in steps:
            found[mine] += step["chance"] * (scores[mine] > step["above"])
    return found


def _steps(found: Any) -> list[dict[str, float]]:
    ignored = float(found.get("p_ignore", 0.0))
    given = [
        (ignored * float(found.get("prediction_constant", 0.0)), ALWAYS),
        *(
            ((1 - ignored) * float(chance), float(operation.threshold))
            for chance, operation in (
                (found["p0"], found["operation0"]),
                (found["p1"], found["operation1"]),
            )
        ),
    ]
    return [
        {"chance": chance, "above": max(above, ALWAYS)}
        for chance, above in given
        if chance > 0 and above != np.inf
    ]


def _categories() -> Any:
    return OneHotEncoder(handle_unknown="ignore", sparse_output=False)


def _few_texts(values: pd.Series) -> bool:
    """Tell whether a column holds texts or truth values, and few of them."""
    held = values.dropna()
    plain = isinstance(held.dtype, pd.CategoricalDtype) or pd.api.types.is_bool_dtype(held)
    texts = plain or bool(held.map(lambda value: isinstance(value, str)).all())
    return texts and 0 < len(held.unique()) <= LEVELS
