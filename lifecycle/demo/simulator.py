"""The simulated models' rows: drawn from stated distributions, seeded, with the truth planted.

`data/README.md` states every distribution, column, date and size that is planted here.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from lifecycle.demo.story import KNOWN_AT, TIME, Rows, identified, moments, outcomes_after

DAYS = 364
"""A year of whole weeks."""

HISTORY = 10_000
"""Rows before the stream, half of them to train on, half as reference."""

MIDDLE_AGE = 40
"""Years; groups of about equal size keep chance small."""

LATENCY, STATUS = "latency_ms", "status"
FAILURES = 0.004
"""Share of answers that time out."""

Draw = Callable[[np.random.Generator, int], pd.DataFrame]
Label = Callable[[np.random.Generator, pd.DataFrame], Any]
Record = Callable[[np.random.Generator, pd.DataFrame], pd.DataFrame]


def simulated(
    *,
    prefix: str,
    seed: int,
    n: int,
    at: datetime,
    target: str,
    draw: Draw,
    label: Label,
    delay: tuple[float, float],
    record: Record | None = None,
    taught: Label | None = None,
    history: int = HISTORY,
    every: int = 1,
    served: bool = False,
) -> Rows:
    """Draw history and a year of stream of one model.

    Parameters
    ----------
    draw, label
        The truth: columns, and from them the outcome.
    record
        What is recorded of the true columns in the stream, from the frame with `TIME`.
    every
        Days between two batches of scoring.
    served
        Whether the log says how long an answer took and how it ended.
    taught
        The label that training rows carry where it is not the outcome.
    """
    rng = np.random.default_rng(seed)
    past = draw(rng, history)
    past[target] = label(rng, past)
    half = history // 2
    training, reference = past.iloc[:half].copy(), past.iloc[half:].reset_index(drop=True)
    if taught is not None:
        training[target] = taught(rng, training)
    stream: Any = draw(rng, n)
    stream[target] = label(rng, stream)
    start = at - timedelta(days=DAYS)
    # As many rows a day as the stream has: a window of fewer strays further by chance alone.
    before = start - timedelta(days=min(DAYS, half * DAYS // n))
    dates = np.random.default_rng([seed, half])
    reference[TIME] = moments(dates, n=half, start=before, end=start)
    stream[TIME] = moments(rng, n=n, start=start, end=at, every=every)
    stream[KNOWN_AT] = outcomes_after(rng, stream[TIME], least=delay[0], most=delay[1])
    if record is not None:
        stream = record(rng, stream)
    if served:
        stream = stream.assign(**_service(np.random.default_rng([seed, n]), n))
    return Rows(training, reference, identified(stream, prefix=prefix))


def _service(rng: np.random.Generator, n: int) -> dict[str, Any]:
    """Draw how long answers took, in milliseconds, and how they ended."""
    failed = rng.random(n) < FAILURES
    return {
        LATENCY: np.round(rng.lognormal(3.7, 0.45, n), 1),
        STATUS: np.where(failed, "timeout", "ok"),
    }


def since(frame: pd.DataFrame, moment: datetime) -> Any:
    """Tell which rows were scored at a moment or later."""
    return frame[TIME] >= pd.Timestamp(moment)


def happens(rng: np.random.Generator, logit: Any) -> Any:
    """Draw 1 with the probability whose log-odds are given, else 0."""
    return (rng.random(len(logit)) < 1 / (1 + np.exp(-np.asarray(logit, dtype=float)))).astype(int)


def bands(ages: Any) -> Any:
    """Group ages in years."""
    return np.where(ages < MIDDLE_AGE, f"under {MIDDLE_AGE}", f"{MIDDLE_AGE} and over")


def applicants(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Draw people who ask for a loan."""
    age = np.clip(rng.normal(42, 13, n), 18, 85).round()
    return pd.DataFrame(
        {
            "income": np.round(rng.lognormal(3.6, 0.4, n), 1),
            "debt_to_income": np.round(rng.beta(2.5, 5, n), 3),
            "utilisation": np.round(rng.beta(2, 3, n), 3),
            "late_payments": rng.poisson(0.6, n).astype(float),
            "years_employed": np.round(rng.gamma(2, 3.5, n), 1),
            "loan_amount": np.round(rng.lognormal(2.5, 0.5, n), 1),
            "home": rng.choice(["own", "rent", "family"], n, p=[0.45, 0.4, 0.15]),
            "sex": rng.choice(["female", "male"], n),
            "age_band": bands(age),
        }
    )


def defaults(rng: np.random.Generator, rows: pd.DataFrame) -> Any:
    """Draw who does not pay back: indebtedness decides most."""
    logit = (
        -3.4
        + 6.0 * rows["debt_to_income"]
        + 0.7 * rows["late_payments"]
        + 1.5 * (rows["utilisation"] - 0.4)
        - 0.06 * rows["years_employed"]
        - 0.02 * (rows["income"] - 40)
        + 0.3 * (rows["home"] == "rent")
    )
    return happens(rng, logit)


def payments(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Draw card payments."""
    return pd.DataFrame(
        {
            "amount": np.round(rng.lognormal(3.3, 1.0, n), 2),
            "hour": np.round(rng.uniform(0, 24, n), 2),
            "payments_24h": rng.poisson(2.5, n).astype(float),
            "distance_km": np.round(rng.gamma(0.8, 30, n), 1),
            "device_age_days": np.round(rng.exponential(250, n)),
            "merchant": rng.choice(
                ["grocery", "fuel", "online", "travel", "jewellery"],
                n,
                p=[0.4, 0.2, 0.25, 0.1, 0.05],
            ),
            "sex": rng.choice(["female", "male"], n),
        }
    )


def frauds(rng: np.random.Generator, rows: pd.DataFrame) -> Any:
    """Draw which payments the cardholder disputes."""
    logit = (
        -4.9
        + 1.1 * (np.log(rows["amount"]) - 3.3)
        + 0.45 * rows["payments_24h"]
        + 0.012 * rows["distance_km"]
        - 0.004 * rows["device_age_days"]
        + 1.6 * rows["merchant"].isin(["online", "jewellery"])
    )
    return happens(rng, logit)


def customers(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Draw customers of a current account."""
    return pd.DataFrame(
        {
            "tenure_years": np.round(rng.gamma(2, 3, n), 1),
            "monthly_fee": np.round(rng.choice([0.0, 4.9, 9.9], n) + rng.normal(0, 0.2, n), 2),
            "complaints": rng.poisson(0.5, n).astype(float),
            "balance": np.round(rng.lognormal(7, 1, n)),
            "app_sessions": np.round(rng.gamma(4, 5, n)),
            "contract": rng.choice(["basic", "plus", "premium"], n, p=[0.5, 0.35, 0.15]),
        }
    )


def leavers(rng: np.random.Generator, rows: pd.DataFrame) -> Any:
    """Draw who closes the account; how often they open the app plays no part."""
    logit = (
        -1.6
        - 0.22 * rows["tenure_years"]
        + 1.0 * rows["complaints"]
        + 0.1 * rows["monthly_fee"]
        - 0.5 * (rows["contract"] == "premium")
    )
    return happens(rng, logit)


def inpatients(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Draw patients' last readings; the feverish ones have other vital signs too."""
    ill = rng.binomial(1, 0.2, n)
    return pd.DataFrame(
        {
            "heart_rate": np.round(rng.normal(82, 12, n) + 18 * ill),
            "resp_rate": np.round(rng.normal(17, 3, n) + 5 * ill),
            "temperature": np.round(rng.normal(36.8, 0.4, n) + 1.1 * ill, 1),
            "systolic": np.round(rng.normal(125, 15, n) - 15 * ill),
            "white_cells": np.round(rng.lognormal(2.0, 0.3, n) + 4 * ill, 1),
            "lactate": np.round(rng.gamma(4, 0.3, n) + 0.9 * ill, 2),
            "age": np.round(np.clip(rng.normal(63, 16, n), 18, 100)),
            "sex": rng.choice(["female", "male"], n),
        }
    )


def sepses(rng: np.random.Generator, rows: pd.DataFrame) -> Any:
    """Draw who develops a sepsis."""
    logit = (
        -3.4
        + 0.05 * (rows["heart_rate"] - 82)
        + 0.18 * (rows["resp_rate"] - 17)
        + 1.6 * (rows["temperature"] - 36.8)
        - 0.02 * (rows["systolic"] - 125)
        + 0.9 * (rows["lactate"] - 1.2)
        + 0.02 * (rows["age"] - 63)
    )
    return happens(rng, logit)


def candidates(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Draw people who ask for a first loan; women have longer gaps in their careers."""
    sex = rng.choice(["female", "male"], n)
    gap = np.where(sex == "female", rng.gamma(2.2, 7, n), rng.gamma(1.2, 4, n))
    return pd.DataFrame(
        {
            "income": np.round(rng.lognormal(3.5, 0.35, n), 1),
            "savings": np.round(rng.lognormal(1.5, 0.8, n), 1),
            "late_payments": rng.poisson(0.7, n).astype(float),
            "career_gap_months": np.round(gap),
            "region": rng.choice(["north", "south", "east", "west"], n),
            "sex": sex,
        }
    )


def repays(rng: np.random.Generator, rows: pd.DataFrame) -> Any:
    """Draw who pays back: gaps in the career do not matter."""
    return happens(rng, _solvency(rows))


def was_accepted(rng: np.random.Generator, rows: pd.DataFrame) -> Any:
    """Draw whom clerks used to accept, which is what the model was taught: gaps counted."""
    return happens(rng, _solvency(rows) + 0.6 - 0.06 * rows["career_gap_months"])


def _solvency(rows: pd.DataFrame) -> Any:
    return (
        0.5
        + 0.04 * (rows["income"] - 34)
        + 0.9 * (np.log(rows["savings"]) - 1.5)
        - 1.0 * (rows["late_payments"] - 0.7)
    )


def machine_days(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Draw days of cash machines."""
    return pd.DataFrame(
        {
            "weekday": rng.choice(["mon", "tue", "wed", "thu", "fri", "sat", "sun"], n),
            "days_to_payday": rng.integers(0, 30, n).astype(float),
            "last_week": np.round(rng.gamma(9, 3, n), 1),
            "footfall": np.round(rng.gamma(6, 50, n)),
            "place": rng.choice(["station", "branch", "mall"], n, p=[0.3, 0.5, 0.2]),
        }
    )


def withdrawn(rng: np.random.Generator, rows: pd.DataFrame) -> Any:
    """Draw how much cash was taken out, in thousand euros."""
    weekend = rows["weekday"].isin(["fri", "sat"])
    mean = (
        4
        + 0.7 * rows["last_week"]
        + 0.012 * rows["footfall"]
        + 5 * weekend
        + 4 * np.exp(-rows["days_to_payday"] / 4)
        + 3 * (rows["place"] == "station")
    )
    return np.round(np.maximum(mean + rng.normal(0, 2.5, len(rows)), 0), 2)
