"""Are other answers found for numbers in a range and for other classes, within the same limits?"""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.svm import SVC

from lifecycle.adapters.explain_aims import Aim, aim_of
from lifecycle.adapters.explain_search import Limits, search
from lifecycle.errors import InvalidInput

RNG = np.random.default_rng(0)
HOMES = pd.DataFrame({"rooms": RNG.uniform(1, 8, 800), "age": RNG.uniform(0, 60, 800)})
PRICE = LinearRegression().fit(HOMES, 50 * HOMES["rooms"] - 2 * HOMES["age"] + 100)
PLANTS = pd.DataFrame(
    RNG.normal(size=(900, 2)) + np.repeat([[0, 0], [4, 0], [0, 4]], 300, axis=0),
    columns=["length", "width"],
)
KIND: Any = LinearDiscriminantAnalysis().fit(PLANTS, np.repeat(["a", "b", "c"], 300))
HOME = pd.DataFrame({"rooms": [3.0], "age": [40.0]})  # 170
PLANT = pd.DataFrame({"length": [0.2], "width": [0.1]})


def aimed(model, row, **settings):
    return aim_of(model, row, settings={"positive": None, **settings})


def ways(model, row, pool, *, limits=None, **settings):
    aim = aimed(model, row, **settings)
    assert isinstance(aim, Aim), aim
    found, why = search(row, pool, wanted=aim.wanted, limits=limits or {})
    return found, why, aim


def test_a_number_is_brought_into_its_range_and_no_further():
    found, why, aim = ways(PRICE, HOME, HOMES, aim="250..300")

    assert why is None
    assert aim.words == "an answer of 250 to 300"
    for one in found:
        assert 250 <= PRICE.predict(one.row)[0] <= 300
        assert aim.answer(one.row)["value"] == PRICE.predict(one.row)[0]
    alone = next(one for one in found if one.changed == ("rooms",))
    assert alone.row["rooms"].iloc[0] == pytest.approx(4.6, abs=0.05), "250 = 50 · 4.6 - 80 + 100"


def test_limits_hold_for_numbers_too_and_none_found_is_an_answer():
    only_age = {"rooms": Limits("fixed"), "age": Limits("down")}
    found, _, _ = ways(PRICE, HOME, HOMES, limits=only_age, aim="200..")

    assert [one.changed for one in found] == [("age",)]
    assert found[0].row["age"].iloc[0] == pytest.approx(25, abs=0.5), "200 = 150 - 2 · 25 + 100"
    upward = {"rooms": Limits("fixed"), "age": Limits("up")}
    assert ways(PRICE, HOME, HOMES, limits=upward, aim="200..")[:2] == (
        [],
        "no change that is allowed leads to such an answer",
    )
    assert ways(PRICE, HOME, HOMES, aim="9000..")[:2] == (
        [],
        "no case on record got such an answer",
    )


@pytest.mark.parametrize("wished", ["b", "c"])
def test_another_class_is_reached_as_the_model_itself_would_say(wished):
    found, why, aim = ways(KIND, PLANT, PLANTS, aim=wished)

    assert why is None
    assert aim.words == f"class {wished}"
    for one in found:
        assert KIND.predict(one.row).tolist() == [wished]
        said = aim.answer(one.row)
        assert said["output"] == wished
        assert said["value"] == pytest.approx(KIND.predict_proba(one.row).max(), abs=1e-12)


def test_without_a_class_any_other_one_will_do_and_ways_stay_within_limits():
    found, _, aim = ways(KIND, PLANT, PLANTS, limits={"length": Limits("fixed")})

    assert aim.words == "another class than a"
    assert [one.changed for one in found] == [("width",)]
    assert KIND.predict(found[0].row).tolist() == ["c"], "b lies along the length"


def test_what_is_reached_already_or_not_said_is_told():
    assert aimed(PRICE, HOME) == "name the range that the answer should lie in, such as 10..20"
    assert aimed(PRICE, HOME, aim="100..200") == "the answer, 170, is 100 to 200 already"
    assert aimed(KIND, PLANT, aim="a") == "the answer is a already"
    with pytest.raises(InvalidInput, match="classes are a, b, c, not 'd'"):
        aimed(KIND, PLANT, aim="d")
    with pytest.raises(InvalidInput, match="a range of answers is written as"):
        aimed(PRICE, HOME, aim="cheap")


def test_two_classes_have_the_other_decision_or_a_range_of_scores():
    model = LogisticRegression().fit(HOMES, HOMES["rooms"] > 4)
    other = aimed(model, HOME, threshold=0.5)
    scores = aimed(model, HOME, threshold=None, aim="0.9..")
    none = aimed(model, HOME, threshold=None)
    margin = aimed(SVC().fit(HOMES.head(50), HOMES["rooms"].head(50) > 4), HOME, threshold=0.5)

    assert isinstance(other, Aim)
    assert isinstance(scores, Aim)
    assert other.decision is not None
    chance = model.predict_proba(HOMES)[:, 1]
    assert other.wanted(HOMES).tolist() == (chance >= 0.5).tolist()
    assert scores.wanted(HOMES).tolist() == (chance >= 0.9).tolist()
    assert isinstance(none, str)
    assert "name the answers to aim at" in none
    assert isinstance(margin, str)
