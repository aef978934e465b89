from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tumour_life import (
    AT,
    FEATURES,
    MONDAY,
    WEEKLY,
    WEEKS,
    deliver,
    register,
    tell,
)

from lifecycle.domain.actor import Actor, Role
from lifecycle.services import monitoring
from lifecycle.store.connection import Workspace


@pytest.fixture
def at():
    return AT


@pytest.fixture
def dev():
    return Actor("dora", frozenset({Role.DEVELOPER}))


@pytest.fixture
def viewer():
    return Actor("vera", frozenset({Role.VIEWER}))


@pytest.fixture
def ws(tmp_path):
    opened = Workspace.create(tmp_path / "home", at=AT)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def tumours():
    """Score scikit-learn's breast cancer rows: a reference of 400, and the rest with a model."""
    data: Any = load_breast_cancer(as_frame=True)
    rows = data.data[list(FEATURES)].copy()
    rows["benign"] = data.target.to_numpy()
    rng = np.random.default_rng(7)
    rows["sex"] = rng.choice(["Female", "Male"], len(rows), p=[0.5, 0.5])
    rows["ward"] = rng.choice(["A", "B", "C"], len(rows))
    model = make_pipeline(StandardScaler(), LogisticRegression())
    model.fit(rows[list(FEATURES)], rows["benign"])
    rows["proba"] = model.predict_proba(rows[list(FEATURES)])[:, 1]
    rows["decision"] = (rows["proba"] >= 0.5).astype(int)
    shuffled = rows.sample(frac=1, random_state=3).reset_index(drop=True)
    return shuffled[:400], shuffled


@pytest.fixture(scope="session")
def log(tumours):
    """Draw four weeks of scored rows; texture shifts in the last two."""
    _, rows = tumours
    drawn = rows.sample(WEEKS * WEEKLY, replace=True, random_state=5).reset_index(drop=True)
    rng = np.random.default_rng(11)
    seconds = np.sort(rng.integers(0, 7 * 86_400, (WEEKS, WEEKLY)), axis=1)
    week = np.repeat(np.arange(WEEKS), WEEKLY)
    drawn["when"] = [
        MONDAY + timedelta(days=7 * int(w), seconds=int(s))
        for w, s in zip(week, seconds.ravel(), strict=True)
    ]
    drawn["case"] = [f"c{i}" for i in range(len(drawn))]
    drawn.loc[week >= 2, "mean texture"] += 6.0
    drawn["week"] = week
    return drawn


@pytest.fixture
def registered(ws, dev, tumours, tmp_path):
    """Return a workspace with use case, model, reference snapshot and version 1."""
    reference, _ = tumours
    return register(ws, dev, reference, tmp_path)


@pytest.fixture
def monitored(registered, ws, dev, log, tmp_path):
    """Return the workspace after four weeks of predictions with outcomes and one run."""
    deliver(ws, dev, log, tmp_path)
    tell(ws, dev, log, tmp_path)
    monitoring.define(ws, "tumour", "1", minimum=100, by=dev, at=AT)
    return monitoring.run(ws, by=dev, at=AT + timedelta(hours=1))
