"""Do SHAP values add up to the model's output, per original column, whatever the model?"""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from lifecycle.adapters.columns import MIXED, NONE, origins
from lifecycle.adapters.explainers import explain


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "income": rng.normal(40, 10, 300),
            "age": rng.integers(18, 80, 300),
            "home": rng.choice(["own", "rent", "other"], 300),
        }
    )


@pytest.fixture(scope="module")
def label(frame):
    return np.where(frame["income"] + 8 * (frame["home"] == "own") > 43, "yes", "no")


def encoded(final):
    numbers = ("numbers", StandardScaler(), ["income", "age"])
    texts = ("texts", OneHotEncoder(handle_unknown="ignore"), ["home"])
    return make_pipeline(ColumnTransformer([numbers, texts]), final)


def explained(model, frame, *, positive=None):
    return explain(model, frame.head(60), background=frame.tail(80), positive=positive, seed=0)


def test_linear_values_are_coefficient_times_distance_from_the_background_mean(frame):
    numbers = frame[["income", "age"]]
    model = Ridge().fit(numbers, 2 * numbers["income"] - numbers["age"])

    found = explained(model, numbers).attribution

    expected = model.coef_ * (numbers.head(60) - numbers.tail(80).mean())
    assert found.explainer == "linear"
    assert found.shares[:, :, 0] == pytest.approx(expected.to_numpy())
    assert found.background == 80


@pytest.mark.parametrize("positive", ["yes", "no"])
@pytest.mark.parametrize(
    ("final", "explainer", "space"),
    [
        (LogisticRegression(), "linear", "log-odds"),
        (RandomForestClassifier(10, max_depth=4, random_state=0), "tree", "probability"),
        (GradientBoostingClassifier(n_estimators=5, random_state=0), "tree", "log-odds"),
        (KNeighborsClassifier(), "permutation", "probability"),
    ],
)
def test_a_pipelines_values_add_up_for_either_class_in_the_original_columns(
    frame, label, final, explainer, space, positive
):
    model = encoded(final).fit(frame, label)

    found = explained(model, frame, positive=positive).attribution

    assert (found.explainer, found.output.space, found.output.names) == (
        explainer,
        space,
        (positive,),
    )
    assert found.shares.shape[1] == 3
    assert found.error <= found.tolerance
    if space == "probability":
        at = list(model.classes_).index(positive)
        rows = frame.head(len(found.answers))
        assert found.answers[:, 0] == pytest.approx(model.predict_proba(rows)[:, at])


def test_native_categories_make_the_tree_explainer_wrong_and_the_check_falls_back(frame, label):
    codes = ColumnTransformer(
        [("texts", OrdinalEncoder(), ["home"])], remainder="passthrough", sparse_threshold=0
    )
    boosted = HistGradientBoostingClassifier(max_iter=10, categorical_features=[0])  # pyright: ignore[reportArgumentType] -- sklearn's stub knows text only
    model = make_pipeline(codes, boosted).fit(frame, label)

    found = explained(model, frame)

    assert found.attribution.explainer == "permutation"
    assert found.refused[0][0] == "tree"
    assert found.attribution.error <= found.attribution.tolerance


def test_several_classes_get_values_for_each_class(frame):
    numbers = frame[["income", "age"]]
    model = RandomForestClassifier(8, max_depth=3, random_state=0).fit(numbers, frame["home"])

    found = explained(model, numbers).attribution

    assert found.output.names == ("other", "own", "rent")
    assert found.shares.shape == (60, 2, 3)
    assert found.error <= found.tolerance


def test_permutation_values_are_shapley_values_counted_over_all_orders():
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(rng.normal(size=(120, 3)), columns=["a", "b", "c"])
    model = KNeighborsClassifier(15).fit(frame, frame["a"] * frame["b"] + frame["c"] > 0)

    found = explained(model, frame).attribution

    background = frame.tail(80).head(found.background or 0)
    expected = shapley(model, frame.iloc[0], background)
    # Four permutations and their reverses stand for all six orders of three columns.
    assert found.shares[0, :, 0] == pytest.approx(expected, abs=0.08)
    assert found.shares[0, :, 0].sum() == pytest.approx(expected.sum())


def shapley(model, row, background):
    orders = list(permutations(background.columns))
    total = np.zeros(len(background.columns))
    for order in orders:
        mixed = background.copy()
        before = model.predict_proba(mixed)[:, 1].mean()
        for name in order:
            mixed[name] = row[name]
            after = model.predict_proba(mixed)[:, 1].mean()
            total[background.columns.get_loc(name)] += after - before
            before = after
    return total / len(orders)


def test_a_forest_on_plain_numbers_is_explained_in_the_targets_unit(frame):
    numbers = frame[["income", "age"]]
    model = RandomForestRegressor(10, max_depth=4, random_state=0).fit(numbers, frame["income"])

    found = explained(model, numbers).attribution

    assert (found.explainer, found.output.space) == ("tree", "target")
    assert np.abs(found.shares[:, 0]).mean() > 10 * np.abs(found.shares[:, 1]).mean()


def test_components_mix_columns_so_the_explanation_goes_back_to_the_originals(frame, label):
    numbers = frame[["income", "age"]]
    model = make_pipeline(PCA(2), LogisticRegression()).fit(numbers, label)

    found = explained(model, numbers)

    assert found.attribution.explainer == "permutation"
    assert "several columns" in found.refused[0][1]


def test_origins_name_the_column_behind_each_transformed_one(frame):
    def transform(rows):
        parts = [rows["age"], rows["home"] == "own", rows["income"] + rows["age"], 0 * rows["age"]]
        return np.column_stack(parts).astype(float)

    assert origins(transform, frame).tolist() == [1, 2, MIXED, NONE]
