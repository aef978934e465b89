"""What drives a version window by window, on the Drift page, and the newest of it in a sentence."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from app import widgets
from app.drift_parts import timeline
from lifecycle.charts import timelines, wording
from lifecycle.domain.measurement import State
from lifecycle.services import explanation_drift
from lifecycle.services.monitoring import explaining
from lifecycle.stats import catalogue
from lifecycle.store import measurements

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lifecycle.charts.theme import Mark
    from lifecycle.domain.measurement import Measurement
    from lifecycle.domain.model import Version
    from lifecycle.store.connection import Connection

NAMES = [statistic.name for statistic in catalogue.EXPLANATIONS]


def history(
    con: "Connection", version: "Version", *, start: "datetime | None" = None
) -> "list[Measurement]":
    """Return how far what drives the windows was from what drives the reference."""
    return measurements.history(con, version.id, statistics=NAMES, slice="{}", start=start)


def over_time(
    con: "Connection", version: "Version", *, start: "datetime", marks: "Sequence[Mark]"
) -> bool:
    """Draw it over the windows, with each column's share in them; tell whether there was any."""
    found = history(con, version, start=start)
    for name in NAMES:
        timeline([m for m in found if m.statistic == name], name=f"drift_{name}", marks=marks)
    reference, windows = explaining.explained(con, version)
    if not found or reference is None:
        return bool(found)
    sides = {"reference": explanation_drift.shares(reference)}
    sides |= {part: explanation_drift.shares(one) for part, one in windows.items()}
    rows: list[dict[str, Any]] = [
        {"column": column, **{part: shares.get(column, 0.0) for part, shares in sides.items()}}
        for column in sides["reference"]
    ]
    widgets.table(
        rows,
        name="explained_windows",
        alt="Share of each column in the model's output",
        columns={part: st.column_config.NumberColumn(format="percent") for part in sides},
    )
    widgets.note(
        f"Shares of all influence, on up to {wording.count(explaining.EXPLAINED)} rows drawn from "
        "each part, all beside the same rows of the reference."
    )
    return True


def newest(con: "Connection", version: "Version") -> None:
    """Say how far it is in the newest window, where the monitor explains windows."""
    found = [m for m in history(con, version) if m.statistic == NAMES[0]]
    if not found:
        return
    judged = [m for m in found if m.state in timelines.JUDGED]
    shown = (judged or found)[-1]
    said = timelines.message([shown], name=catalogue.get(shown.statistic).title)
    widgets.badge(shown.state if judged else State.INSUFFICIENT, said)
    to_drift(version.model_id, version.name)


def to_drift(model: str, version: str) -> None:
    """Link to what drives a version window by window."""
    widgets.link(
        "drift",
        label="Explanation drift over time",
        icon="stacked_line_chart",
        model=model,
        version=version,
        tab="Explanations",
    )
