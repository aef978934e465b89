"""How the sample models are trained: small scikit-learn models, seeded."""

from typing import Any

import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from lifecycle.demo.story import Fit


def logistic(*, categorical: tuple[str, ...] = (), c: float = 1.0) -> Fit:
    """Return how to fit a logistic regression on scaled numbers and one-hot categories."""

    def fit(rows: pd.DataFrame, target: pd.Series) -> Any:
        final = LogisticRegression(C=c, max_iter=500)
        return _with_encoding(rows, categorical, final, scaled=True).fit(rows, target)

    return fit


def ridge(*, categorical: tuple[str, ...] = (), alpha: float = 1.0) -> Fit:
    """Return how to fit a ridge regression on scaled numbers and one-hot categories."""

    def fit(rows: pd.DataFrame, target: pd.Series) -> Any:
        return _with_encoding(rows, categorical, Ridge(alpha=alpha), scaled=True).fit(rows, target)

    return fit


def forest(*, trees: int = 40, depth: int = 7) -> Fit:
    """Return how to fit a random forest on numbers."""

    def fit(rows: pd.DataFrame, target: pd.Series) -> Any:
        model = RandomForestClassifier(
            trees, max_depth=depth, min_samples_leaf=20, random_state=0, n_jobs=1
        )
        return model.fit(rows, target)

    return fit


def boosted(
    *, categorical: tuple[str, ...] = (), rounds: int = 30, regression: bool = False
) -> Fit:
    """Return how to fit boosted trees; categories become ordered codes."""

    def fit(rows: pd.DataFrame, target: pd.Series) -> Any:
        kind = HistGradientBoostingRegressor if regression else HistGradientBoostingClassifier
        final = kind(max_iter=rounds, max_leaf_nodes=15, learning_rate=0.2, random_state=0)
        return _with_encoding(rows, categorical, final, scaled=False).fit(rows, target)

    return fit


def _with_encoding(
    rows: pd.DataFrame, categorical: tuple[str, ...], final: Any, *, scaled: bool
) -> Pipeline:
    numbers = [name for name in rows.columns if name not in categorical]
    if scaled:
        numeric = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
        encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    else:
        numeric = "passthrough"
        encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    parts: list[tuple[str, Any, list[str]]] = [("numbers", numeric, numbers)]
    if categorical:
        parts.append(("categories", encoder, list(categorical)))
    return make_pipeline(ColumnTransformer(parts), final)
