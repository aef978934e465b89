"""The parts of the drift page: what was compared, one column, outcomes, explanations, together."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import streamlit as st

from app import session, widgets
from lifecycle.charts import (
    contributions,
    distributions,
    heatmaps,
    importance,
    rankings,
    tables,
    timelines,
    wording,
)
from lifecycle.domain.evidence import Purpose
from lifecycle.domain.measurement import State, verdict
from lifecycle.domain.model import Task
from lifecycle.domain.monitor import ReferenceKind
from lifecycle.services import explanation_drift, slices
from lifecycle.services.measuring.watch import ALL_ROWS, slice_of
from lifecycle.stats import catalogue
from lifecycle.store import datasets, evidence, measurements, models, monitors, profiles, runs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lifecycle.charts.theme import Mark
    from lifecycle.domain.measurement import Measurement, Window
    from lifecycle.domain.model import Version
    from lifecycle.domain.monitor import Monitor
    from lifecycle.store.connection import Connection

ANSWERS = ("score", "prediction")
"""What a log calls a model's answers; their drift is prediction drift."""


NOT_JUDGED = {
    Task.REGRESSION: "Label drift of numbers is not judged: their errors are, as residual shift.",
    Task.CLASSES: "How much of a change of outcomes the answers explain is told of two classes "
    "only; of more, label drift and concept drift are judged.",
}
"""What is not measured of the outcomes of a task."""

MOST_COLUMNS, MOST_WINDOWS = 30, 92
"""Columns and windows of the heat map: those that moved most, and the newest, a quarter of days.
More cannot be taken in, nor sent in no time."""


@dataclass(frozen=True, slots=True)
class History:
    """How one statistic of a version went from a time on; read as far as it is shown.

    Parameters
    ----------
    within
        The key of the slice it is about.
    """

    con: "Connection"
    version: "Version"
    statistic: str
    start: datetime
    within: str = ALL_ROWS

    @property
    def about(self) -> str:
        """Say which rows it is about; nothing for all of them."""
        return "" if self.within == ALL_ROWS else f", {wording.group(slice_of(self.within))}"

    def of(self, columns: "Sequence[str]", *, start: datetime | None = None) -> "list[Measurement]":
        """Return its measurements of some columns in its rows, oldest window first."""
        return measurements.history(
            self.con,
            self.version.id,
            statistic=self.statistic,
            columns=columns,
            slice=self.within,
            start=start or self.start,
        )


def newest(
    con: "Connection", version: "Version", *, statistics: "Sequence[str]", start: datetime
) -> "tuple[measurements.Outline, list[Measurement]]":
    """Return what is known of some statistics, and the windows from the newest judged one on."""
    known = measurements.outline(con, version.id, statistics=statistics, start=start)
    found = measurements.history(
        con, version.id, statistics=statistics, slice="{}", start=known.newest or start
    )
    return known, found


def method(con: "Connection", version: "Version") -> None:
    """Say what is compared with what, how many tests were made and where the limits come from."""
    monitor = monitors.current(con, version.id)
    compared(con, version, monitor)
    run = runs.of_newest_window(con, version.id)
    if monitor is not None:
        widgets.note(wording.testing(monitor, tests=run.tests if run else 0))


def compared(con: "Connection", version: "Version", monitor: "Monitor | None") -> None:
    """Say what a version's windows are compared with: its reference, or days of its own log."""
    fixed = monitor is None or monitor.reference.kind is ReferenceKind.BASELINE
    if fixed and version.reference:
        snapshot = datasets.snapshot(con, version.reference)
        widgets.note(wording.reference(datasets.get(con, snapshot.dataset_id), snapshot))
    if monitor is not None and (said := wording.comparison(monitor)):
        widgets.note(said)


def ranked(
    con: "Connection",
    version: "Version",
    history: "Sequence[Measurement]",
    *,
    since: "Mapping[str, datetime]",
) -> "list[rankings.Ranked]":
    """Rank the columns by drift times their share in the newest explanation."""
    explained = evidence.latest(con, version.id, Purpose.EXPLANATION)
    shares = explanation_drift.shares(explained)
    return rankings.by_column(history, since=since, importance=shares)


def ranking(con: "Connection", version: "Version", found: "Sequence[rankings.Ranked]") -> None:
    """Show the ranking; a row opens its column below."""
    window = found[0].worst.window if found else None
    changes = {} if window is None else _changes(con, version, window)
    rows = rankings.rows(found, changes=changes)
    alt = "Columns by drift times importance, worst first"
    chosen = widgets.table(rows, name="drift_ranked", alt=alt, select=True)
    if chosen is not None and chosen != st.session_state.get("drift_row"):
        st.session_state["drift_row"] = chosen
        st.session_state["column"] = found[chosen].column
    if not any(r.importance is not None for r in found):
        hint = "importance comes from the Explanations page"
        widgets.note(f"Ranked by drift alone: nobody explained this version yet, and {hint}.")


def _changes(con: "Connection", version: "Version", window: "Window") -> dict[str, str]:
    """Say of every column what differs most in a window from what it was compared with."""
    monitor = monitors.current(con, version.id)
    if monitor is None:
        return {}
    counted = slices.sides(con, monitor, window=window, within=ALL_ROWS).get(ALL_ROWS, {})
    return {
        name: distributions.message(before, now, column=name).removeprefix(f"{name}: ")
        for name, (before, now) in counted.items()
    }


def pick_rows(con: "Connection", version: "Version", *, start: datetime) -> str:
    """Let the person pick all rows or one slice, as ``?slice=``; return its key.

    A bar of the slices below, once clicked, is a choice too.
    """
    found = profiles.slices(con, version.id, start=start.date())
    names = {wording.group(slice_of(key)): key for key in (ALL_ROWS, *found)}
    bar = hit(st.session_state.get("chart_drift_slices"))
    if bar != st.session_state.get("drift_bar"):
        st.session_state["drift_bar"] = bar
        if bar in names:
            st.session_state["slice"] = bar
    chosen = st.selectbox("Rows", list(names), key="slice", bind="query-params")
    return names.get(str(chosen), ALL_ROWS)


def hit(selection: Any) -> Any:
    """Return what the mark that was clicked in a figure carries, if one was."""
    points = getattr(getattr(selection, "selection", None), "points", None) or []
    return next((p["customdata"] for p in points if p.get("customdata")), None)


def heat_map(
    of: History,
    order: "Sequence[str]",
    *,
    starts: "Sequence[datetime]",
    marks: "Sequence[Mark]",
) -> None:
    """Draw column by window; a click opens both below."""
    statistic, shown = catalogue.get(of.statistic), order[:MOST_COLUMNS]
    windows = starts[-MOST_WINDOWS:]
    history = of.of(shown, start=windows[0] if windows else None)
    if not history and of.about:
        which = f"{of.version.model_id} {of.version.name}"
        hint = f"Name its column: `lifecycle monitor define {which} --segment COLUMN`."
        widgets.empty(f"{statistic.title} was not measured in these rows alone", hint=hint)
        return
    title = heatmaps.message(history, name=f"{statistic.title}{of.about}")
    figure = heatmaps.by_column(history, order=shown, title=title, name=of.statistic, marks=marks)
    rows = tables.rows(history)
    selection = widgets.chart(figure, name="drift_map", alt=title, rows=rows, select=True)
    if len(order) > len(shown) or len(starts) > len(windows):
        widgets.note(
            f"Shown are {len(shown)} of {wording.counted(len(order), 'column')}, those that moved "
            f"most, and the newest {len(windows)} of {wording.counted(len(starts), 'window')}; "
            "pick any of them below."
        )
    cell = hit(selection)
    if cell is not None and cell != st.session_state.get("drift_cell"):
        st.session_state["drift_cell"] = cell
        st.session_state["column"], st.session_state["window"] = str(cell[0]), str(cell[1])[:10]


def column(
    of: History,
    columns: "Sequence[str]",
    *,
    marks: "Sequence[Mark]",
    shown: "Sequence[rankings.Ranked]",
) -> None:
    """Show one column: how it went, one window's distribution, and the slices that brought it."""
    left, right = st.columns(2)
    chosen = left.selectbox("Column", columns, key="column", bind="query-params")
    of_column = replace(of, within=ALL_ROWS).of([chosen]) if chosen else []
    windows = {m.window.start.date().isoformat(): m.window for m in of_column if m.window}
    days = list(reversed(windows))
    judged = shown[0].worst.window if shown else None
    first = judged.start.date().isoformat() if judged else ""
    at = days.index(first) if first in days else 0
    day = right.selectbox("Window from", days, at, key="window", bind="query-params")
    here = of.of([chosen]) if chosen and of.about else of_column
    timeline(here, name="drift_over_time", about=f" of {chosen}{of.about}", marks=marks)
    if chosen and day:
        distribution(of, chosen, windows[day])
        brought(of.con, of.version, chosen, windows[day])


def timeline(
    history: "Sequence[Measurement]", *, name: str, marks: "Sequence[Mark]", about: str = ""
) -> None:
    """Draw one statistic over its windows, with what happened meanwhile."""
    if not history:
        return
    statistic = catalogue.get(history[0].statistic)
    title = timelines.message(history, name=f"{statistic.title}{about}")
    signed = statistic.better is None
    figure = timelines.over_windows(
        history, title=title, name=statistic.title, marks=marks, mirrored=signed
    )
    widgets.chart(figure, name=name, alt=title, rows=tables.rows(history))
    judged = [m for m in history if m.state in timelines.JUDGED]
    widgets.explain_number(statistic.name, measurement=(judged or history)[-1])


def distribution(of: History, name: str, window: "Window") -> None:
    """Draw what was counted in one window against what it was compared with, on the same bins."""
    monitor = monitors.current(of.con, of.version.id)
    counted = {} if monitor is None else slices.sides(of.con, monitor, window=window, column=name)
    both = counted.get(of.within, {}).get(name)
    rows_of = {key: columns[name][1].rows for key, columns in counted.items()}
    if both is not None and slices.too_small(
        of.within, rows_of, least=session.workspace().shown_from
    ):
        hint = "A group of so few rows is not shown, nor is one that would give it away."
        widgets.empty("Too few rows to be shown in this window", hint=hint)
        return
    if both is None:
        widgets.empty("No counts kept for this window", hint="`lifecycle monitor run` counts them.")
        return
    title = f"{distributions.message(*both, column=name)}{of.about}, {wording.span(window)}"
    figure = distributions.compare(*both, column=name, title=title)
    rows = distributions.rows(*both)
    widgets.chart(figure, name="drift_distribution", alt=title, rows=rows)


def brought(con: "Connection", version: "Version", name: str, window: "Window") -> None:
    """Show which slices brought a column's movement, attribute by attribute."""
    monitor = monitors.current(con, version.id)
    found = [] if monitor is None else slices.of_window(con, monitor, column=name, window=window)
    if not found:
        hint = "Name columns to watch apart: `lifecycle monitor define --segment COLUMN`."
        widgets.empty("No slices counted for this window", hint=hint)
        return
    title = f"{contributions.message(found, column=name)}, {wording.span(window)}"
    figure = contributions.bars(found, title=title)
    rows = contributions.rows(found)
    widgets.chart(figure, name="drift_slices", alt=title, rows=rows, select=True)
    tested = sum(not one.insufficient for one in found)
    widgets.note(
        f"{wording.counted(tested, 'slice')} tested, corrected together by Benjamini-Hochberg; "
        f"slices of fewer than {slices.MINIMUM} rows on a side are not judged. Shares of one "
        "attribute add up to 100 %; those of two attributes overlap."
    )


def outcomes(
    con: "Connection", version: "Version", *, start: datetime, marks: "Sequence[Mark]"
) -> None:
    """Show prediction drift, label drift, and concept drift apart from covariate drift."""
    drift = [s.name for s in (*catalogue.DRIFT, *catalogue.QUALITY)]
    answers = measurements.history(
        con, version.id, statistics=drift, columns=ANSWERS, slice="{}", start=start
    )
    predicted = [m for m in answers if m.limit is not None]
    labelled = measurements.history(
        con, version.id, statistics=[s.name for s in catalogue.ANSWERS], slice="{}", start=start
    )
    names = [s.name for s in catalogue.ANSWERS if any(m.statistic == s.name for m in labelled)]
    if unjudged := NOT_JUDGED.get(models.get(con, version.model_id).task):
        widgets.note(unjudged)
    if not predicted and not labelled:
        hint = "Log predictions with outcomes: `lifecycle ingest outcomes --help`."
        widgets.empty("No answers or outcomes were compared yet", hint=hint)
        return
    for answer in dict.fromkeys(m.column for m in predicted):
        of_answer = [m for m in predicted if m.column == answer]
        first = of_answer[0].statistic
        same = [m for m in of_answer if m.statistic == first]
        timeline(same, name=f"drift_{answer}", about=f" of the {answer}", marks=marks)
    if names:
        st.markdown("**Outcomes.** Only windows whose outcomes are known are judged.")
    for name in names:
        timeline([m for m in labelled if m.statistic == name], name=f"drift_{name}", marks=marks)


def explanations(con: "Connection", version: "Version", *, beside: bool) -> None:
    """Show whether the model leans on the same columns as at first.

    Parameters
    ----------
    beside
        Whether windows were explained, so that there is something to see in any case.
    """
    compared = explanation_drift.history(con, version)
    if not compared and beside:
        return
    if not compared:
        hint = "Explain it again on newer rows on the Explanations page; two are compared."
        widgets.empty("Nothing to compare: fewer than two explanations", hint=hint)
        where = {"model": version.model_id, "version": version.name}
        widgets.link("explanations", label="Open Explanations", icon="lightbulb", **where)
        return
    newest, measured = compared[0]
    state = verdict(m.state for m in measured if m.limit is not None)
    said = ", ".join(f"{catalogue.get(m.statistic).title} {wording.measured(m)}" for m in measured)
    widgets.badge(state if measured else State.INSUFFICIENT, f"{said}, on {newest.snapshot_id}.")
    rows: list[dict[str, Any]] = [
        {"explained": one.created_at, "snapshot": one.snapshot_id, "evidence": one.id, **row}
        for one, found in compared
        for row in tables.rows(found)
    ]
    widgets.table(rows, name="explanation_drift", alt="Explanations against the first one")
    for m in measured:
        widgets.explain_number(m.statistic, measurement=m, evidence=newest.id)
    figure = importance.bars(
        importance.drivers(newest),
        title="What drives it now",
        space=str(newest.method["output_space"]),
    )
    widgets.chart(
        figure, name="drivers_now", alt="What drives it now", rows=importance.rows(newest)
    )


def together(
    con: "Connection", version: "Version", *, start: datetime, marks: "Sequence[Mark]"
) -> None:
    """Show what all columns say together."""
    names = [s.name for s in catalogue.MULTIVARIATE]
    history = measurements.history(con, version.id, statistics=names, slice="{}", start=start)
    found = [name for name in names if any(m.statistic == name for m in history)]
    if not found:
        hint = (
            "They read rows. Name them in the monitor, in its setting `together` (such as "
            f"`together: [classifier_auc]` in a file): `lifecycle monitor define "
            f"{version.model_id} {version.name} --from FILE`. `lifecycle drift REFERENCE CURRENT "
            "--statistic classifier_auc` measures them on files."
        )
        widgets.empty("Columns were not measured together", hint=hint)
        return
    for name in found:
        timeline([m for m in history if m.statistic == name], name=f"drift_{name}", marks=marks)
