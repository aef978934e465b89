"""Are stored curves, interactions, groups and cohorts those of a model that is known?"""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.inspection import partial_dependence
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from lifecycle.adapters import explain_effects
from lifecycle.adapters.explainers import explain

RNG = np.random.default_rng(0)
ROWS = pd.DataFrame(
    {
        "a": RNG.normal(size=600),
        "b": RNG.normal(size=600),
        "n": RNG.integers(0, 4, 600),
        "home": RNG.choice(["own", "rent"], 600),
    }
).assign(c=lambda f: f["a"] + RNG.normal(0, 0.1, 600))


class Product:
    """Answers 2 a + a b: a model with an interaction and nothing else."""

    def predict(self, rows):
        return (2 * rows["a"] + rows["a"] * rows["b"]).to_numpy()


def written(folder, model, rows, *, cohorts=None) -> dict[str, Any]:
    found = explain(model, rows, background=rows.head(50), positive=None, seed=0).attribution
    kept = rows.head(len(found.shares))
    seen = explain_effects.Seen(kept, found, list(rows.columns), seed=0)
    by = pd.DataFrame(index=range(len(kept))) if cohorts is None else cohorts.head(len(kept))
    explain_effects.write(folder, seen, cohorts=by)
    return json.loads((folder / explain_effects.EFFECTS_FILE).read_text())


@pytest.fixture(scope="module")
def linear():
    texts, rest = (
        ("texts", OneHotEncoder(), ["home"]),
        ("rest", FunctionTransformer(), list("abnc")),
    )
    encode = ColumnTransformer([texts, rest], sparse_threshold=0)
    target = 3 * ROWS["a"] + ROWS["n"] + 5 * (ROWS["home"] == "own")
    return make_pipeline(encode, LinearRegression()).fit(ROWS, target)


def test_partial_dependence_is_scikit_learns(tmp_path, linear):
    found = written(tmp_path, linear, ROWS)["columns"]["n"]["partial"]

    rows = ROWS.head(explain_effects.CURVE_ROWS)
    grid: Any = {"custom_values": {"n": np.arange(4.0)}}
    expected: Any = partial_dependence(linear, rows.astype({"n": float}), ["n"], **grid)
    assert found["x"] == [0, 1, 2, 3]
    assert found["mean"][0] == pytest.approx(expected["average"][0], rel=1e-4)


def test_a_linear_models_accumulated_effect_is_its_slope_and_a_categorys_has_none(tmp_path, linear):
    columns = written(tmp_path, linear, ROWS)["columns"]

    curve = columns["a"]["accumulated"]
    slope = np.polyfit(curve["x"], curve["mean"][0], 1)[0]
    assert slope == pytest.approx(3, abs=0.01)
    assert columns["home"]["accumulated"] is None
    gap = np.ptp(columns["home"]["partial"]["mean"][0])
    assert gap == pytest.approx(5, abs=0.01)


def test_only_columns_that_act_together_have_an_interaction(tmp_path):
    found = written(tmp_path, Product(), ROWS.head(60)[["a", "b", "c"]])["interactions"]

    first, *others = found
    assert (first["first"], first["second"]) == ("a", "b")
    assert first["interval"][0] < first["size"] < first["interval"][1]
    assert all(one["size"] == pytest.approx(0, abs=1e-9) for one in others)


def test_dependence_is_coloured_by_the_column_that_acts_with_it(tmp_path):
    found = written(tmp_path, Product(), ROWS.head(60)[["a", "b"]])["columns"]

    assert found["a"]["dots"]["by"] == "b"
    assert len(found["a"]["dots"]["colour"]) == len(found["a"]["dots"]["x"])


def test_columns_that_go_together_are_a_group_whose_values_are_summed(tmp_path, linear):
    found = written(tmp_path, linear, ROWS)

    (group,) = found["groups"]
    assert group["columns"] == ["a", "c"]
    explained = explain(linear, ROWS, background=ROWS.head(50), positive=None, seed=0).attribution
    summed = np.abs(explained.shares[:, [0, 4], 0].sum(axis=1)).mean()
    assert group["value"] == pytest.approx(summed)
    (pair,) = found["associations"]
    assert pair["value"] > 0.9


def test_cohorts_hold_each_groups_means_and_small_ones_none(tmp_path, linear):
    by = pd.DataFrame({"sex": ["F"] * 300 + ["M"] * 280 + [None] * 20})
    found = written(tmp_path, linear, ROWS, cohorts=by)["cohorts"]

    explained = explain(linear, ROWS, background=ROWS.head(50), positive=None, seed=0).attribution
    first, second, missing = found
    assert (first["group"], first["n"], second["group"]) == ("F", 300, "M")
    expected = np.abs(explained.shares[:300, 0, 0]).mean()
    assert first["columns"]["a"]["value"] == pytest.approx(expected)
    assert (missing["group"], missing["state"]) == ("(missing)", "insufficient")
