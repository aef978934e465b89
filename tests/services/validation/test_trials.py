"""Do trials look at every row and column they speak of, and say what they could not look at?"""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from lifecycle.domain.measurement import State
from lifecycle.domain.model import Columns, Task
from lifecycle.errors import InsufficientData
from lifecycle.services.validation import Subject, Trials, trying
from lifecycle.services.validation.trying import try_all


@pytest.fixture
def tried(tmp_path):
    """Return a way to try logged scores of a frame."""

    def run(names, rows, training=None, /, **settings):
        features = tuple(name for name in rows if name not in {"y", "s"})
        rows.to_parquet(tmp_path / "rows.parquet")
        if training is not None:
            training.to_parquet(tmp_path / "training.parquet")
        subject = Subject(
            version_id="m/1",
            task=Task.BINARY,
            columns=Columns(target="y", score="s", positive="1", features=features),
            features=features,
            sensitive=(),
            file=str(tmp_path / "rows.parquet"),
            model=None,
            champion=None,
            training=None if training is None else str(tmp_path / "training.parquet"),
        )
        return try_all(
            subject,
            names,
            settings=Trials(**settings),
            seed=0,
            confidence=0.95,
            report=lambda _, __: None,
        )

    return run


def scored(n, columns=1):
    rng = np.random.default_rng(1)
    rows = pd.DataFrame({f"x{i}": rng.normal(size=n) for i in range(columns)})
    rows["y"] = rng.integers(0, 2, n)
    rows["s"] = np.clip(0.3 * rows["y"] + 0.7 * rng.random(n), 0, 1)
    return rows


def test_rows_without_a_score_or_with_one_beyond_0_to_1_are_left_out_and_counted(tried):
    rows = scored(500)
    rows.loc[rows.query("y == 0").index[:40], "s"] = np.nan
    rows.loc[rows.query("y == 1").index[:3], "s"] = 1.5
    names = ("baseline_gain", "calibration_slope", "worst_slice_gap")

    found = tried(names, rows)

    kept = rows[rows["s"].between(0, 1)]
    values = {m.statistic: m for m in found.measurements}
    expected = roc_auc_score(kept["y"], kept["s"]) - 0.5
    assert values["baseline_gain"].value == pytest.approx(expected)
    assert values["baseline_gain"].n == found.rows == 457
    kept = kept.assign(s=kept["s"].clip(1e-6, 1 - 1e-6))
    logit = np.log(kept[["s"]] / (1 - kept[["s"]]))
    fitted = LogisticRegression(C=np.inf, tol=1e-8).fit(logit, kept["y"])
    assert values["calibration_slope"].value == pytest.approx(fitted.coef_[0, 0], rel=1e-4)
    assert {m.state for m in found.measurements} == {State.OK}
    assert "43 of 500 rows have no score between 0 and 1 in column s" in str(found.findings)


def test_no_logged_score_at_all_is_insufficient(tried):
    with pytest.raises(InsufficientData, match="no row has a logged score"):
        tried(("baseline_gain",), scored(100).assign(s=np.nan))


def test_whatever_a_trial_raises_or_returns_fails_that_trial_alone(tried, monkeypatch):
    def singular(_bench):
        raise np.linalg.LinAlgError("Singular matrix")

    monkeypatch.setitem(trying.TRIALS, "calibration_slope", singular)

    found = tried(("calibration_slope", "baseline_gain"), scored(500))

    slope, gain = found.measurements
    assert (slope.state, gain.state) == (State.ERROR, State.OK)
    assert slope.reason == "the trial raises LinAlgError: Singular matrix"


def test_leaks_are_counted_in_every_row_of_both_files(tried):
    training = scored(3_000)
    rows = pd.concat([training.head(500), training.head(500)])

    names = ("training_overlap", "duplicate_share", "outside_training_share")
    found = tried(names, rows, training.drop(columns="s"), rows=100)

    told = {m.statistic: (m.value, m.n) for m in found.measurements}
    assert told["training_overlap"] == (1.0, 1_000)
    assert told["duplicate_share"] == (0.5, 1_000)
    assert told["outside_training_share"] == (0.0, 1_000)


def test_a_weak_slice_in_the_last_of_many_columns_is_found_and_what_is_left_is_said(tried):
    rows = scored(4_000, columns=14).assign(
        name=[f"n{i % 40}" for i in range(4_000)], same="always"
    )
    bad = rows["x13"] > 0.5
    rows["s"] = np.where(bad, 1 - rows["y"], rows["y"]) * 0.98 + 0.01

    found = tried(("worst_slice_gap",), rows)

    worst = found.measurements[0]
    assert list(worst.slice) == ["x13"]
    said = " ".join(found.findings)
    assert "name (40 different names), same (one value)" in said
    assert "pairs beyond those of the 12 columns that are weakest alone, of 14 columns" in said
