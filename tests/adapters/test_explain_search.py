"""Are suggested changes small, allowed, likely and different, and do they change the decision?"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from lifecycle.adapters.explain_search import Limits, nearest, search

RNG = np.random.default_rng(0)
POOL = pd.DataFrame(
    {
        "income": RNG.normal(40, 10, 600),
        "debts": RNG.integers(0, 8, 600),
        "home": RNG.choice(["own", "rent"], 600),
    }
)


def wanted(rows):
    score = rows["income"] - 4 * rows["debts"] + 6 * (rows["home"] == "own")
    return (score > 30).to_numpy()


def row(income=25.0, debts=3, home="rent"):
    return pd.DataFrame({"income": [income], "debts": [debts], "home": [home]})


def test_every_suggestion_gets_the_other_decision_and_stops_at_the_boundary():
    found, why = search(row(), POOL, wanted=wanted, limits={})

    assert why is None
    assert 1 <= len(found) <= 3
    for one in found:
        assert wanted(one.row).all()
        assert one.lonelier <= 0.99
        if one.changed == ("income",):
            assert one.row["income"].iloc[0] == pytest.approx(42, abs=0.2)
        assert one.row["debts"].dtype == POOL["debts"].dtype


def test_suggestions_do_not_share_most_of_their_columns():
    found, _ = search(row(), POOL, wanted=wanted, limits={})

    for i, one in enumerate(found):
        for other in found[i + 1 :]:
            shared = set(one.changed) & set(other.changed)
            assert len(shared) <= len(set(one.changed) | set(other.changed)) / 2


@settings(max_examples=25, deadline=None)
@given(
    income=st.floats(10, 34),
    debts=st.integers(0, 7),
    change=st.sampled_from(["up", "down", "fixed", "free"]),
)
def test_directions_bounds_and_what_is_fixed_are_kept(income, debts, change):
    start = row(income, debts)
    limits = {
        "income": Limits(change, most=50.0),
        "debts": Limits("down", least=1.0),
        "home": Limits("fixed"),
    }

    found, why = search(start, POOL, wanted=wanted, limits=limits)

    assert found or why
    for one in found:
        after = one.row.iloc[0]
        assert after["home"] == "rent"
        assert min(debts, 1) <= after["debts"] <= debts
        assert {
            "up": after["income"] >= income,
            "down": after["income"] <= income,
            "fixed": after["income"] == income,
            "free": True,
        }[change]
        assert after["income"] <= 50.0 or after["income"] == income


@settings(max_examples=25, deadline=None)
@given(income=st.floats(10, 34), beyond=st.floats(0.5, 15))
def test_a_number_outside_its_bounds_is_moved_to_them_or_not_at_all(income, beyond):
    fixed = {"debts": Limits("fixed"), "home": Limits("fixed")}
    limits = {**fixed, "income": Limits(least=income + beyond)}

    found, why = search(row(income, 1), POOL, wanted=wanted, limits=limits)

    assert found or why
    boundary = max(34.0, income + beyond)
    for one in found:
        assert one.row["income"].iloc[0] >= income + beyond
        assert one.row["income"].iloc[0] == pytest.approx(boundary, abs=0.3)


def test_whole_numbers_stay_whole_in_a_column_of_floats():
    pool = POOL.astype({"debts": float})
    start = row(income=38.5).astype({"debts": float})
    limits = {"income": Limits("fixed"), "home": Limits("fixed")}

    found, _ = search(start, pool, wanted=wanted, limits=limits)

    assert any("debts" in one.changed for one in found)
    assert all(float(one.row["debts"].iloc[0]).is_integer() for one in found)


def test_none_found_says_whether_cases_rules_or_likelihood_stand_against_it():
    fixed = {name: Limits("fixed") for name in POOL}
    hard = {"income": Limits("fixed"), "home": Limits("fixed"), "debts": Limits("down")}

    assert search(row(), POOL, wanted=lambda r: np.zeros(len(r), bool), limits={}) == (
        [],
        "no case on record got such an answer",
    )
    assert search(row(), POOL, wanted=wanted, limits=fixed)[1] == (
        "no change that is allowed leads to such an answer"
    )
    assert search(row(income=5.0), POOL, wanted=wanted, limits=hard)[0] == []
    far, why = search(
        row(income=25.0, debts=400),
        POOL,
        wanted=lambda r: (r["income"] > 41).to_numpy(),
        limits={"debts": Limits("fixed")},
    )
    assert far == []
    assert why == "every change found leads to a case unlike any on record"


def test_nearest_cases_are_gowers_by_hand_and_scipys_for_numbers():
    numbers = POOL[["income"]]
    spread = np.ptp(np.quantile(numbers["income"], [0.05, 0.95]))

    found = nearest(numbers.head(1), numbers.tail(500), count=7)

    apart = np.minimum(cdist(numbers.head(1) / spread, numbers.tail(500) / spread)[0], 1)
    assert found.tolist() == np.argsort(apart, kind="stable")[:7].tolist()
    same = pd.DataFrame({"income": [25.0, 25.0], "debts": [3, 3], "home": ["own", "rent"]})
    assert nearest(row(), same, count=1).tolist() == [1]


def test_missing_values_are_as_far_from_any_number_as_can_be():
    pool = pd.DataFrame({"a": [np.nan, 1.0, 1.5, 2.5, 3.0]})

    assert nearest(pd.DataFrame({"a": [np.nan]}), pool, count=1).tolist() == [0]
    assert nearest(pd.DataFrame({"a": [2.0]}), pool, count=5).tolist()[-1] == 0
