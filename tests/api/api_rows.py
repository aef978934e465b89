"""Rows of a small credit model: scored applications and what became of them."""

import io

import numpy as np
import pandas as pd


def applications(count, *, start="2026-03-02", days=28, seed=1, shift=0.0):
    """Return scored rows with their outcome, spread evenly over some days."""
    rng = np.random.default_rng(seed)
    age = rng.normal(40 + shift, 10, count).round(1)
    sex = rng.choice(["F", "M"], count)
    p = 1 / (1 + np.exp(-(0.08 * (age - 40) - 0.3 + 0.4 * (sex == "F"))))
    at = pd.Timestamp(start, tz="UTC") + pd.to_timedelta(
        np.arange(count) * days * 86400 / count, "s"
    )
    return pd.DataFrame(
        {
            "id": [f"{start}-{i}" for i in range(count)],
            "at": at,
            "age": age,
            "job": rng.choice(["clerk", "driver", "nurse"], count),
            "sex": sex,
            "p": p.round(4),
            "flag": (p > 0.5).astype(int),
            "bad": (rng.random(count) < p).astype(int),
        }
    )


def parquet(frame):
    """Return a frame as the bytes of a Parquet file."""
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()
