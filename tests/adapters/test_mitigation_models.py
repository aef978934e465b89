"""Do the files of ways to narrow a gap decide as the libraries do that found them?"""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from fairlearn.postprocessing import ThresholdOptimizer
from fairlearn.preprocessing import CorrelationRemover
from sklearn.linear_model import LogisticRegression
from skops import io

from lifecycle.adapters import mitigation as ways
from lifecycle.adapters import mitigation_models as made
from lifecycle.adapters import mitigation_rows, model_files
from lifecycle.adapters.explainers import explain


def people(n=1_500, *, seed=4):
    rng = np.random.default_rng(seed)
    sex = rng.choice(["F", "M", "X"], n, p=[0.45, 0.45, 0.1])
    income = rng.normal(0.8 * (sex == "M"), 1.0)
    debt = rng.gamma(2.0, 1.0, n)
    rows = pd.DataFrame(
        {
            "income": income,
            "debt": np.where(rng.random(n) < 0.05, np.nan, debt),
            "trade": np.where(rng.random(n) < 0.3, "craft", "office"),
            "sex": sex,
            "class": np.where(income - 0.3 * debt + rng.normal(0, 1, n) > -0.3, ">50K", "<=50K"),
        }
    )
    rows.loc[::40, "trade"] = None
    rows["score"] = 1 / (1 + np.exp(-(1.2 * income - 0.3 * debt + 0.5)))
    return rows


GIVEN = {
    "target": "class", "positive": ">50K", "attribute": "sex", "score": "score",
    "features": ["income", "debt", "trade", "sex"], "threshold": 0.5,
}  # fmt: skip


@pytest.fixture(scope="module", params=["demographic_parity", "equalized_odds"])
def found(request):
    data = mitigation_rows.columns(people(), GIVEN)
    tried = ways.candidates(data, constraint=request.param, seed=0, report=lambda *_: None)
    return data, list(tried)


def test_a_model_file_decides_as_the_way_that_was_measured(found, tmp_path):
    data, tried = found
    _, test = ways.apart(len(data.labels), seed=0)
    rows = people()
    with_file = [one for one in tried if one.model is not None]
    assert {one.method for one in with_file} >= {"none", "CorrelationRemover"}

    for one in with_file:
        io.dump(one.model, tmp_path / "way.skops")
        assert model_files.inspect(tmp_path / "way.skops").untrusted == ()
        model = model_files.load(tmp_path / "way.skops")
        said = model.predict(rows[list(one.features)].iloc[test])
        assert set(said) <= {">50K", "<=50K"}
        assert ((said == ">50K").astype(int) == one.decisions).all(), one.name


def test_a_model_file_is_explained_exactly_in_the_columns_people_know(found):
    data, tried = found
    rows = people()
    one = next(one for one in tried if one.method == "CorrelationRemover")
    frame: Any = rows[list(one.features)]

    said = explain(
        one.model, frame.head(300), background=frame.tail(100), positive=">50K", seed=0
    ).attribution

    assert said.explainer == "linear"
    assert said.output.space == "log-odds"
    assert said.error < 1e-9
    assert said.shares.shape[1] == len(one.features)
    assert data.classes == ("<=50K", ">50K")


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_a_removal_of_correlation_folds_into_one_linear_model(share):
    rng = np.random.default_rng(1)
    group = np.eye(3)[rng.integers(0, 3, 400)]
    x = rng.normal(size=(400, 4)) + group @ rng.normal(size=(3, 4))
    y = (x[:, 0] + rng.normal(size=400) > 0).astype(int)
    whole = np.hstack([x, group])
    remover = CorrelationRemover(sensitive_feature_ids=[4, 5, 6], alpha=share).fit(whole)
    model = LogisticRegression().fit(remover.transform(whole), y)
    expected = model.decision_function(remover.transform(whole))

    folded = made.folded(model, beta=remover.beta_, mean=remover.sensitive_mean_, share=share)

    assert folded.decision_function(whole) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("constraint", ["demographic_parity", "equalized_odds"])
def test_steps_by_group_give_the_chances_that_fairlearn_interpolates(constraint):
    rows = people()
    labels = (rows["class"] == ">50K").astype(int).to_numpy()
    scores, groups = rows["score"].fillna(0.5).to_numpy(), rows["sex"].to_numpy(object)
    chosen = ThresholdOptimizer(
        estimator=ways._Given(), constraints=constraint, prefit=True,
        predict_method="predict_proba",
    )  # fmt: skip
    chosen.fit(scores.reshape(-1, 1), labels, sensitive_features=groups)
    fitted = chosen.interpolated_thresholder_
    expected = fitted._pmf_predict(scores.reshape(-1, 1), sensitive_features=groups)[:, 1]

    rule = made.rule_of(fitted.interpolation_dict)

    assert made.chances(rule, scores, groups) == pytest.approx(expected, abs=1e-12)
    assert made.chances(rule, scores[:3], np.array(["?"] * 3, object)).tolist() == [0, 0, 0]


def test_the_mean_of_linear_models_answers_with_the_mean_of_their_log_odds():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(200, 3))
    several = [LogisticRegression().fit(x, x[:, i] > 0) for i in range(2)]

    mean = made.mean_of([(0.25, several[0]), (0.75, several[1])])

    expected = 0.25 * several[0].decision_function(x) + 0.75 * several[1].decision_function(x)
    assert mean.decision_function(x) == pytest.approx(expected, abs=1e-12)


def test_what_is_drawn_by_chance_says_that_it_has_no_file(found):
    _, tried = found
    reduced = [one for one in tried if one.method == "ExponentiatedGradient"]

    drawn = [one for one in reduced if one.model is None]
    assert drawn
    for one in drawn:
        assert "drawn by chance from" in one.fileless
    assert all(not one.fileless for one in reduced if one.model is not None)


def test_texts_of_many_values_dates_and_lists_are_no_features():
    frame = pd.DataFrame(
        {
            "amount": [1.0, 2.0, np.nan],
            "name": ["a", "b", None],
            "flag": [True, False, True],
            "day": pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-03"]),
            "parts": [["a"], ["b"], ["c"]],
        }
    )
    many = pd.DataFrame({"code": [str(i) for i in range(60)], "amount": range(60)})

    assert made.numbers_and_texts(frame) == (["amount"], ["name", "flag"])
    assert made.numbers_and_texts(many) == (["amount"], [])
