"""The hospital's models, and what rests on scikit-learn's bundled real data sets."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from sklearn import datasets

from lifecycle.demo import simulator, watching
from lifecycle.demo.common import WEEKLY, dataset, plan
from lifecycle.demo.estimators import forest, logistic, ridge
from lifecycle.demo.simulator import DAYS, simulated, since
from lifecycle.demo.story import (
    KNOWN_AT,
    TIME,
    Planted,
    Rows,
    Second,
    Story,
    identified,
    moments,
    outcomes_after,
)
from lifecycle.domain.model import Task
from lifecycle.domain.usecase import Kpi

STUCK_DAYS = 35
"""Days before today from which the temperature probe repeats one reading."""

STUCK_AT = 36.8
"""Degrees Celsius."""


def stories(at: datetime) -> list[Story]:
    """Return these models, with a year of rows that ends at a time."""
    return [sepsis(at), triage(at), progression(at), digits(at)]


def sepsis(at: datetime) -> Story:
    """Sepsis alert: a sensor is stuck."""
    start = at - timedelta(days=STUCK_DAYS)

    def record(_: np.random.Generator, rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(temperature=rows["temperature"].mask(since(rows, start), STUCK_AT))

    return Story(
        id="sepsis-alert",
        task=Task.BINARY,
        use_case={
            "name": "Early warning on wards",
            "problem": "A sepsis is recognised six hours late on average.",
            "owner": "devi",
            "sponsor": "Chief medical officer",
            "answers": {
                "practice": "no",
                "domain": "health",
                "effect": "informs",
                "interaction": "no",
            },
            "kpis": (Kpi("Hours to recognition", "h", target=2.0, baseline=6.0, better="lower"),),
            "value": 800_000.0,
            "cost": 220_000.0,
            "affected": "Patients on general wards",
        },
        model={
            "name": "Sepsis alert",
            "owner": "devi",
            "purpose": "Warn a nurse when a patient's readings point to a sepsis.",
            "intended_use": "A second look at the bed within the hour.",
            "out_of_scope": "Intensive care; children; starting a treatment by itself.",
        },
        dataset=dataset("ward-readings", "Readings on wards", "Vital signs and diagnoses."),
        rows=simulated(
            prefix="obs",
            seed=2101,
            n=26_000,
            at=at,
            target="sepsis",
            draw=simulator.inpatients,
            label=simulator.sepses,
            delay=(3, 14),
            record=record,
        ),
        target="sepsis",
        features=(
            "heart_rate",
            "resp_rate",
            "temperature",
            "systolic",
            "white_cells",
            "lactate",
            "age",
        ),
        sensitive=("sex",),
        positive="1",
        threshold=0.3,
        fits=(forest(trees=15),),
        plan=plan("Sepsis alert, yearly", auc=0.75, sensitive=("sex",)),
        limits=WEEKLY,
        watch=watching.SEPSIS,
        planted=(
            Planted(
                "temperature",
                start,
                f"The probe repeats {STUCK_AT} degrees; recall falls.",
            ),
        ),
    )


def triage(at: datetime) -> Story:
    """Triage of tumour images: a better version waits for its approval."""
    loaded: Any = datasets.load_breast_cancer(as_frame=True)
    frame = pd.DataFrame(loaded.frame)
    frame.columns = [str(name).replace(" ", "_") for name in frame.columns]
    frame = frame.assign(malignant=1 - frame["target"]).drop(columns="target")
    features = tuple(name for name in frame.columns if name.startswith("mean_"))
    kept: Any = frame[[*features, "malignant"]]
    return Story(
        id="imaging-triage",
        task=Task.BINARY,
        use_case={
            "name": "Triage of fine-needle images",
            "problem": "Images wait eleven days for a pathologist.",
            "owner": "devi",
            "sponsor": "Head of pathology",
            "answers": {
                "practice": "no",
                "domain": "health",
                "effect": "informs",
                "interaction": "no",
            },
            "kpis": (Kpi("Days to a result", "d", target=3.0, baseline=11.0, better="lower"),),
            "value": 260_000.0,
            "cost": 70_000.0,
            "affected": "Patients with a lump",
        },
        model={
            "name": "Imaging triage",
            "owner": "devi",
            "purpose": "Put images that look malignant first in the pathologist's queue.",
            "intended_use": "The order of a queue; every image is read.",
            "out_of_scope": "A diagnosis.",
        },
        dataset=bundled(
            "fine-needle-images",
            "Fine-needle images",
            "Breast Cancer Wisconsin (Diagnostic), 569 cases, as bundled with scikit-learn.",
            licence="CC BY 4.0 (UCI 17)",
        ),
        rows=resampled(kept, prefix="img", seed=2202, n=10_400, at=at, delay=(5, 30)),
        target="malignant",
        features=features,
        positive="1",
        threshold=0.5,
        fits=(forest(trees=12, depth=4), logistic(c=0.5)),
        plan=plan("Imaging triage, yearly", auc=0.9),
        tried=True,
        grain="month",
        watch=watching.PLAIN,
        second=Second.WAITS,
        second_reason="It ranks better on the same images and its weights can be read.",
    )


def progression(at: datetime) -> Story:
    """Progression of diabetes: a request went stale."""
    loaded: Any = datasets.load_diabetes(as_frame=True, scaled=False)
    frame = pd.DataFrame(loaded.frame).rename(
        columns={"target": "progression", "s1": "cholesterol", "s6": "glucose"}
    )
    features = tuple(name for name in frame.columns if name != "progression")
    return Story(
        id="diabetes-progression",
        task=Task.REGRESSION,
        use_case={
            "name": "Planning diabetes care",
            "problem": "Follow-up visits are planned by the calendar and not by need.",
            "owner": "devi",
            "sponsor": "Head of outpatient care",
            "answers": {
                "practice": "no",
                "domain": "operations",
                "effect": "informs",
                "interaction": "no",
            },
            "kpis": (Kpi("Visits without a finding", "%", target=20.0, baseline=38.0),),
            "value": 90_000.0,
            "cost": 30_000.0,
            "affected": "Patients with diabetes",
        },
        model={
            "name": "Diabetes progression",
            "owner": "devi",
            "purpose": "Estimate how far the disease will have gone in a year.",
            "intended_use": "Planning the distance between visits.",
            "out_of_scope": "Treatment.",
        },
        dataset=bundled(
            "diabetes-baseline",
            "Diabetes at baseline",
            "442 patients of Efron et al. (2004), as bundled with scikit-learn.",
            licence="public, via scikit-learn (BSD-3-Clause)",
        ),
        rows=resampled(frame, prefix="dia", seed=2303, n=9100, at=at, delay=(30, 90)),
        target="progression",
        features=features,
        fits=(ridge(), ridge(alpha=20.0)),
        plan=plan("Diabetes progression, yearly"),
        tried=True,
        grain="month",
        watch=watching.PLAIN,
        second=Second.STALE,
        second_reason="A steadier fit with the same error.",
    )


def digits(at: datetime) -> Story:
    """Cheque digits: several classes, nothing is wrong."""
    loaded: Any = datasets.load_digits()
    ink = loaded.images.reshape(-1, 4, 2, 4, 2).mean(axis=(2, 4)).reshape(-1, 16)
    names = [f"ink_{row}{column}" for row in range(4) for column in range(4)]
    frame = pd.DataFrame(ink, columns=pd.Index(names)).assign(digit=loaded.target.astype(str))
    return Story(
        id="cheque-digits",
        task=Task.CLASSES,
        use_case={
            "name": "Reading cheques",
            "problem": "Amounts on paper cheques are typed by hand.",
            "owner": "devi",
            "sponsor": "Head of operations",
            "answers": {
                "practice": "no",
                "domain": "operations",
                "effect": "none",
                "interaction": "no",
            },
            "kpis": (Kpi("Cheques read without a clerk", "%", target=85.0, baseline=0.0),),
            "value": 70_000.0,
            "cost": 20_000.0,
        },
        model={
            "name": "Cheque digits",
            "owner": "devi",
            "purpose": "Read one handwritten digit.",
            "intended_use": "A proposal that a clerk confirms.",
            "out_of_scope": "Signatures.",
        },
        dataset=bundled(
            "handwritten-digits",
            "Handwritten digits",
            "1,797 digits of 8 x 8 pixels (UCI 80), as bundled with scikit-learn, averaged to "
            "4 x 4 blocks.",
            licence="CC BY 4.0 (UCI 80)",
        ),
        rows=resampled(frame, prefix="chq", seed=2404, n=10_400, at=at, delay=(1, 5)),
        target="digit",
        features=tuple(names),
        fits=(logistic(),),
        plan=plan("Cheque digits, yearly", classes=True),
        grain="month",
        watch=watching.PLAIN,
    )


def bundled(id: str, name: str, what: str, *, licence: str) -> dict[str, Any]:  # noqa: A002 -- as the service calls it
    """Return how one of scikit-learn's data sets is registered."""
    return {
        "id": id,
        "name": name,
        "description": (
            f"{what} Real rows; the year of production is drawn from the held-out rows with "
            "replacement, so its times are made up and every row occurs many times."
        ),
        "source": "scikit-learn, sklearn.datasets",
        "owner": "devi",
        "licence": licence,
    }


def resampled(
    frame: pd.DataFrame,
    *,
    prefix: str,
    seed: int,
    n: int,
    at: datetime,
    delay: Sequence[float],
) -> Rows:
    """Train on six rows in ten and draw a year of production from the others, with replacement."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(frame))
    cut = int(len(frame) * 0.6)
    training, held = frame.iloc[order[:cut]], frame.iloc[order[cut:]].reset_index(drop=True)
    stream = held.iloc[rng.integers(0, len(held), n)].reset_index(drop=True)
    times = moments(rng, n=n, start=at - timedelta(days=DAYS), end=at, every=7)
    known = outcomes_after(rng, times, least=delay[0], most=delay[1])
    stream = stream.assign(**{TIME: times, KNOWN_AT: known})
    return Rows(training, held, identified(stream, prefix=prefix))
