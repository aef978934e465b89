"""Is the value that a model fails on found, named, and kept quiet where nobody may hear it?"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from skops import io

from lifecycle.adapters import explain_decision, explaining
from lifecycle.adapters.explain_inputs import try_out
from lifecycle.adapters.odd_rows import Odd, odd_value, raised
from lifecycle.errors import InvalidInput


def homes(n=400):
    rng = np.random.default_rng(4)
    return pd.DataFrame(
        {"size": rng.normal(90, 20, n), "home": rng.choice(["flat", "house"], n), "age": 1.0}
    )


@given(st.integers(0, 199), st.sampled_from(["size", "home"]))
def test_the_first_odd_value_is_found_wherever_it_stands(at, column):
    rows = homes(200)
    value = {"size": -1.0, "home": "castle"}[column]
    rows.loc[at, column] = value
    rows.loc[199, "age"] = 1.0

    def fails(some):
        return bool(((some["size"] < 0) | (some["home"] == "castle")).any())

    assert odd_value(fails, rows) == Odd(column, value)


def test_no_value_is_blamed_where_several_or_none_is_at_fault():
    rows = homes(20).assign(age=np.arange(20.0))

    assert odd_value(lambda _: True, rows) is None, "every row fails"
    assert odd_value(lambda some: len(some) > 1, rows) is None, "only rows together fail"
    both = rows.assign(size=np.where(rows.index == 7, -1.0, rows["size"]))
    both.loc[7, "home"] = "castle"
    either = odd_value(
        lambda some: bool(((some["size"] < 0) | (some["home"] == "castle")).any()), both
    )
    assert either is None, "two columns of one row, each enough by itself"


def test_what_a_model_raises_is_said_by_its_first_sentence():
    error = ValueError("Input X contains 1.5 NaN. Fill them.\nSee the manual")

    assert raised(error) == "ValueError: Input X contains 1.5 NaN"
    assert raised(KeyError()) == "KeyError: no reason given"
    assert len(raised(ValueError("x" * 999))) == 300


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("castle", "first where home is 'castle'"),
        ("c" * 50, "first where home is 'ccccccccccccccccccccccccccccccccccccccc…"),
        (None, "first where home is missing"),
        (np.inf, "first where home is inf"),
    ],
)
def test_a_value_is_said_in_short_and_not_where_it_is_hidden(value, said):
    assert Odd("home", value).said() == said
    assert Odd("home", value).said(hidden=("home",)) == "first by a value of home"


@pytest.fixture
def castle(tmp_path):
    """Return settings for rows whose 301st is of a kind of home that the model has not learned."""
    encode = ColumnTransformer([("home", OneHotEncoder(), ["home"])], remainder="passthrough")
    rows = homes()
    io.dump(
        make_pipeline(encode, LinearRegression()).fit(rows, rows["size"] * 2),
        tmp_path / "model.skops",
    )
    rows.loc[300, "home"] = "castle"
    rows.to_parquet(tmp_path / "rows.parquet")
    return {
        "model": str(tmp_path / "model.skops"),
        "data": str(tmp_path / "rows.parquet"),
        "features": None,
        "positive": None,
        "rows": None,
        "seed": 0,
    }


def explain(settings, folder):
    explaining.run(settings, folder=folder, report=lambda *_: None)


def test_an_unseen_category_far_down_is_named_with_its_column(castle, tmp_path):
    with pytest.raises(InvalidInput) as refused:
        explain(castle | {"rows": 400, "label": "homes@1"}, tmp_path)

    assert str(refused.value).startswith(
        "the model fails on rows of homes@1, first where home is 'castle': ValueError: Found "
    )


def test_an_unseen_category_in_the_background_is_named_too(castle, tmp_path):
    homes().to_parquet(tmp_path / "known.parquet")
    pd.DataFrame(homes(30)).assign(home="castle").to_parquet(tmp_path / "behind.parquet")
    behind = {"data": str(tmp_path / "known.parquet")} | {
        "background": str(tmp_path / "behind.parquet")
    }

    with pytest.raises(InvalidInput, match="the model fails on rows of the background: ValueError"):
        explain(castle | behind, tmp_path)


def test_an_unseen_value_of_a_protected_column_is_not_repeated(castle, tmp_path):
    with pytest.raises(InvalidInput) as refused:
        explain(castle | {"rows": 400, "sensitive": ["home"]}, tmp_path)

    assert str(refused.value) == (
        "the model fails on rows of the snapshot, first by a value of home: ValueError"
    )


def test_an_unseen_category_among_the_cases_of_a_decision_is_named_without_its_value(
    castle, tmp_path
):
    asked = {
        "label": "homes@1",
        "data": [castle["data"]],
        "row": {"number": 1},
        "cases": castle["data"],
        "threshold": None,
    }

    with pytest.raises(InvalidInput) as refused:
        explain_decision.run(castle | asked, folder=tmp_path, report=lambda *_: None)

    assert str(refused.value) == (
        "the model fails on rows of the cases it is compared with, "
        "first by a value of home: ValueError"
    )
    with pytest.raises(InvalidInput, match=r"on rows of homes@1: ValueError$"):
        explain_decision.run(
            castle | asked | {"row": {"number": 301}},
            folder=tmp_path,
            report=lambda *_: None,
        )


class Root:
    """Answers the root of the size, which there is not below zero."""

    def predict(self, rows):
        return np.sqrt(rows["size"].where(rows["size"] >= 0)).to_numpy()


def test_answers_that_are_no_numbers_are_blamed_on_a_value():
    rows = homes(100).assign(size=np.arange(100.0))
    rows.loc[77, "size"] = -4.0

    try_out(Root(), rows.head(70), positive=None, label="homes")
    with pytest.raises(InvalidInput) as refused:
        try_out(Root(), rows, positive=None, label="homes")

    assert str(refused.value) == (
        "the model answers rows of homes, first where size is -4.0, with what is not a number"
    )
