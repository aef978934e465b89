"""Does sampling stop in time, and is what it then says of the ranking true of all rows?"""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from shap import TreeExplainer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from skops import io

from lifecycle.adapters.explaining import LOOKS, run
from lifecycle.demo import bank, hospital
from lifecycle.demo.scoring import scored
from lifecycle.services.explanation.numbers import sentence

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
STORIES = [
    bank.credit_default,
    bank.card_fraud,
    bank.churn,
    bank.prescreen,
    bank.cash_demand,
    *(lambda at, number=n: hospital.stories(at)[number] for n in range(len(hospital.stories(AT)))),
]


def explained(
    folder, *, rows=None, positive=None, seed=0, name="model", data="rows", **more
) -> tuple[Any, list[str]]:
    said: list[str] = []
    settings = {
        "model": str(folder / f"{name}.skops"),
        "data": str(folder / f"{data}.parquet"),
        "features": None,
        "positive": positive,
        "rows": rows,
        "seed": seed,
    }
    result = run(settings | more, folder=folder, report=lambda _, note: said.append(note))
    return result, said


@pytest.mark.parametrize("story", STORIES)
def test_every_sample_model_is_ranked_within_2000_rows_and_sure_orders_are_those_of_all_rows(
    tmp_path, story
):
    made = story(AT)
    for version in scored(made):
        if version.model is None:
            continue
        io.dump(version.model, tmp_path / "model.skops")
        rows = version.reference[list(made.features)]
        rows.to_parquet(tmp_path / "rows.parquet")
        sampled, _ = explained(tmp_path, positive=made.positive)
        whole, _ = explained(tmp_path, positive=made.positive, rows=len(rows))

        ranking = sampled["ranking"]
        assert ranking["stable"]
        assert sampled["n"] <= LOOKS[-1] == 2000
        assert sampled["additivity"]["error"] < 1e-6
        of_all = {c["column"]: c["value"] for c in whole["columns"]}
        total = sum(of_all.values())
        for pair in ranking["pairs"]:
            gap = of_all[pair["above"]] - of_all[pair["below"]]
            assert pair["interval"][0] - 1e-9 <= gap <= pair["interval"][1] + 1e-9
            assert gap > 0 or pair["order"] == "equal"
            if pair["order"] == "equal":
                assert abs(gap) <= 0.05 * total
        for column in sampled["columns"]:
            rank = 1 + sum(value > of_all[column["column"]] for value in of_all.values())
            assert column["rank"][0] <= rank <= column["rank"][1]


def test_values_of_trees_are_shaps_own_and_rows_are_explained_in_parts(tmp_path):
    rng = np.random.default_rng(4)
    rows = pd.DataFrame(rng.normal(size=(1200, 4)), columns=list("abcd"))
    model = HistGradientBoostingClassifier(max_iter=20, random_state=0)
    model.fit(rows, rows["a"] + rows["b"] * rows["c"] > 0)
    io.dump(model, tmp_path / "model.skops")
    rows.to_parquet(tmp_path / "rows.parquet")

    result, said = explained(tmp_path)

    picked = np.random.default_rng(0).permutation(1200)[: result["n"]]
    expected = np.abs(TreeExplainer(model).shap_values(rows.iloc[picked])).mean(axis=0)
    found = {column["column"]: column["value"] for column in result["columns"]}
    assert [found[name] for name in rows] == pytest.approx(expected)
    assert "Explaining 500 rows" in said


@pytest.mark.parametrize("own", [False, True])
def test_what_a_linear_model_is_compared_with_is_not_left_to_chance(tmp_path, own):
    rng = np.random.default_rng(6)
    rows = pd.DataFrame(rng.gamma(0.3, size=(300, 12)), columns=list("abcdefghijkl"))
    model = LogisticRegression().fit(rows, rows.sum(axis=1) + rng.normal(size=300) > 4)
    io.dump(model, tmp_path / "model.skops")
    rows.to_parquet(tmp_path / "rows.parquet")
    more = {"background": str(tmp_path / "rows.parquet")} if own else {}

    found = [explained(tmp_path, seed=seed, **more)[0] for seed in range(6)]

    values = [{c["column"]: c["value"] for c in one["columns"]} for one in found]
    expected = np.abs(model.coef_[0] * (rows - rows.mean())).mean()
    for one in values:
        assert [one[name] for name in rows] == pytest.approx(expected.tolist())
    assert {tuple(one) for one in values} == {tuple(expected.sort_values(ascending=False).index)}
    assert {one["background"]["n"] for one in found} == {300}
    said = {sentence(one["ranking"]) for one in found}
    assert said == {"the order is that of all 300 rows, with nothing left to chance"}


def test_a_slow_explainer_stops_where_its_rows_become_too_dear(tmp_path, monkeypatch):
    monkeypatch.setattr("lifecycle.adapters.explain_methods.PERMUTATION_ANSWERS", 250_000)
    rng = np.random.default_rng(5)
    rows = pd.DataFrame(rng.normal(size=(300, 40)), columns=[f"c{i}" for i in range(40)])
    model = KNeighborsClassifier(3).fit(rows.head(40), rows["c0"].head(40) > 0)
    io.dump(model, tmp_path / "model.skops")
    rows.to_parquet(tmp_path / "rows.parquet")

    result, _ = explained(tmp_path)

    assert result["explainer"] == "permutation"
    assert result["n"] == 250_000 // (30 * 4 * 81)
    assert result["ranking"]["rows"] == result["n"]
    assert "as compared with 30 of 300 rows drawn by chance" in sentence(result["ranking"])
