"""What the tabs of the Performance page show, each on its own."""

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from app import widgets, words
from app.marks import CHANGED
from lifecycle.charts import estimates, groups, outcomes, tables, timelines, wording
from lifecycle.domain.measurement import State, Window
from lifecycle.services import measuring, withholding
from lifecycle.services.analysis.result import Draft, finish, overall
from lifecycle.services.measuring.watch import if_mature, slice_of
from lifecycle.stats import catalogue
from lifecycle.stats.catalogue import Needs
from lifecycle.stats.summaries import BinaryTally, ClassTally

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from lifecycle.charts.theme import Mark
    from lifecycle.domain.measurement import Measurement
    from lifecycle.domain.monitor import Monitor
    from lifecycle.stats.catalogue import Statistic
    from lifecycle.stats.summaries import Tally

    Daily = Mapping[str, Sequence[tuple[date, Tally]]]

MOST_CHANGES = 5
"""Told in words; all of them stand on the axis."""

MOST_NAMED = 4
"""Statistics named in the page's first sentence."""

MONEY = {"Per window": "total_value", "Per decision": "value_per_decision"}
LATENCIES = {"half of answers": "latency_p50", "95 %": "latency_p95", "99 %": "latency_p99"}


def answer(history: "Sequence[Measurement]") -> None:
    """Say first what of everything with a limit is beyond it, in its newest judged window."""
    newest = {
        m.statistic: m for m in history if m.state in timelines.JUDGED and m.limit is not None
    }
    if not newest:
        widgets.badge(State.INSUFFICIENT, "Nothing could be judged by a limit yet")
        return
    beyond = [m for m in newest.values() if m.state is State.BREACH]
    near = [m for m in newest.values() if m.state is State.WARNING]
    known = wording.counted(len(newest), "statistic")
    if not (named := beyond or near):
        widgets.badge(State.OK, f"{known} with a limit, none beyond it in its newest judged window")
        return
    verb = "beyond" if beyond else "near"
    told = [
        f"{catalogue.get(m.statistic).title} {wording.number(m.value)} against "
        f"{wording.number(m.limit)}"
        for m in named[:MOST_NAMED]
    ]
    more = len(named) - len(told)
    rest = f" and {more} more" if more else ""
    said = f"{len(named)} of {known} {verb} the limit in the newest judged window"
    widgets.badge(overall(named), f"{said}: {'; '.join(told)}{rest}")


def over_time(
    realised: "Sequence[Measurement]",
    estimated: "Sequence[Measurement]",
    *,
    declared: "Statistic",
    message: str,
    usual: float | None,
    marks: "Sequence[Mark]",
) -> None:
    """Draw what was realised and what was estimated on one axis, and what the latter was worth."""
    if not realised and not estimated:
        widgets.empty("Nothing was measured in this span", hint="Look back further.")
        return
    figure = timelines.over_windows(
        realised,
        title=message,
        name=declared.title,
        reference=None if usual is None else (usual, "at the assessment"),
        beside=estimated,
        marks=marks,
        zero=declared.better == "lower",
    )
    rows = tables.rows([*realised, *estimated])
    widgets.chart(figure, name="performance", alt=message, rows=rows)
    newest = (realised or estimated)[-1]
    widgets.explain_number(newest.statistic, measurement=newest)
    if not estimated:
        return
    why = estimates.refusal(estimated)
    error = estimates.own_error(estimated, realised)
    widgets.note(
        why or estimates.own_error_message(error, name=declared.title), icon="troubleshoot"
    )
    widgets.note("An estimate sees a change in the mix of rows, not in what a score means.")


def changed(marks: "Sequence[Mark]", *, since: "datetime") -> None:
    """Say when the level of the errors changed, where a detector was asked."""
    found = [mark for mark in marks if mark.kind == CHANGED and mark.at >= since]
    for mark in found[-MOST_CHANGES:]:
        widgets.note(f"{words.moment(mark.at)}: {mark.text}.", icon="trending_up")
    if (more := len(found) - MOST_CHANGES) > 0:
        widgets.note(f"{wording.counted(more, 'earlier change')} of the errors on the time axis.")


def mistakes(tally: "Tally | None") -> None:
    """Draw calibration and confusion over the whole span."""
    if not isinstance(tally, BinaryTally | ClassTally):
        widgets.empty("Not applicable", hint="Calibration and confusion are about classes.")
        return
    if isinstance(tally, BinaryTally) and (bins := outcomes.reliability(tally)):
        title = outcomes.calibration_message(bins)
        figure = outcomes.calibration(bins, title=title)
        widgets.chart(figure, name="calibration", alt=title, rows=outcomes.bin_rows(bins))
    title = outcomes.confusion_message(tally)
    figure = outcomes.confusion(tally, title=title)
    widgets.chart(figure, name="confusion", alt=title, rows=outcomes.confusion_rows(tally))


def by_group(
    daily: "Daily",
    *,
    declared: "Statistic",
    monitor: "Monitor",
    marks: "Sequence[Mark]",
    shown_from: int,
) -> None:
    """Measure the statistic in every slice that was counted, where outcomes are known."""
    if Needs.ROWS in declared.needs:
        hint = "It ranks rows by the scores of every class, and by group only counts are kept."
        widgets.empty(f"{declared.title} is not measured by group", hint=hint)
        return
    totals, span = known(daily, monitor=monitor)
    found = _shown(declared, totals, window=span, shown_from=shown_from)
    parts = [m for m in found if m.slice]
    if not parts:
        hint = "Monitoring counts by its segments, or the sensitive columns of the version."
        widgets.empty("Nothing was counted by group", hint=hint)
        return
    title = groups.message(parts, name=declared.title)
    whole = next((m for m in found if not m.slice), None)
    figure = groups.rates(parts, title=title, name=declared.title, overall=whole)
    widgets.chart(figure, name="performance_groups", alt=title, rows=tables.rows(found))
    _of_group(
        daily,
        parts,
        declared=declared,
        monitor=monitor,
        marks=marks,
        shown_from=shown_from,
    )


def known(daily: "Daily", *, monitor: "Monitor") -> "tuple[dict[str, Tally], Window | None]":
    """Add up, by slice, the windows in which enough outcomes are known; say which span they are."""
    window_of = partial(measuring.window_of, grain=monitor.grain)
    windows = outcomes.by_window(daily.get(measuring.ALL_ROWS, []), window_of=window_of)
    ripe = [w for w, tally in windows.items() if measuring.matured(tally) >= monitor.maturity]
    held = {k: [t for day, t in days if window_of(day) in ripe] for k, days in daily.items()}
    span = Window(ripe[0].start, ripe[-1].end) if ripe else None
    return {key: outcomes.total(parts) for key, parts in held.items() if parts}, span


def _shown(
    declared: "Statistic",
    tallies: "Mapping[str, Tally]",
    *,
    window: "Window | None",
    shown_from: int,
) -> "list[Measurement]":
    """Measure every slice of a window, without groups of too few rows."""
    drafts = [
        Draft(
            declared,
            declared.measure(tally),
            slice=slice_of(key),
            window=window,
            minimum=declared.minimum,
        )
        for key, tally in tallies.items()
    ]
    sizes = [(slice_of(key), tally.rows) for key, tally in tallies.items()]
    return list(withholding.counted(finish(drafts)[0], sizes=sizes, shown_from=shown_from))


def _of_group(
    daily: "Daily",
    shown: "Sequence[Measurement]",
    *,
    declared: "Statistic",
    monitor: "Monitor",
    marks: "Sequence[Mark]",
    shown_from: int,
) -> None:
    """Draw the statistic of one slice over its windows; the slice stands in the address."""
    names = {wording.group(m.slice): m.slice for m in shown if m.value is not None}
    if not names:
        return
    chosen = st.selectbox("Rows", list(names), key="slice", bind="query-params")
    within = names.get(str(chosen), next(iter(names.values())))
    window_of = partial(measuring.window_of, grain=monitor.grain)
    counted = {k: outcomes.by_window(days, window_of=window_of) for k, days in daily.items()}
    key = next(k for k in counted if slice_of(k) == dict(within))
    history: list[Measurement] = []
    for window, tally in counted[key].items():
        together = {k: of[window] for k, of in counted.items() if window in of}
        measured = _shown(declared, together, window=window, shown_from=shown_from)
        of_it = [m for m in measured if dict(m.slice) == dict(within)]
        history += [if_mature(m, tally=tally, wanted=monitor.maturity) for m in of_it]
    title = timelines.message(history, name=f"{declared.title}, {wording.group(within)}")
    zero = declared.better == "lower"
    figure = timelines.over_windows(
        history, title=title, name=declared.title, marks=marks, zero=zero
    )
    widgets.chart(figure, name="performance_group", alt=title, rows=tables.rows(history))


def value(history: "Sequence[Measurement]", *, monitor: "Monitor", marks: "Sequence[Mark]") -> None:
    """Draw what decisions were worth in money, realised and estimated."""
    if monitor.costs is None:
        hint = "Say in the monitor what a decision is worth: its setting `costs`."
        widgets.empty("Nobody said what a decision is worth", hint=hint)
        return
    widgets.note(f"A decision is worth: {monitor.costs.sentence}.", icon="payments")
    picked = st.segmented_control(
        "Value", list(MONEY), default="Per window", required=True, key="money", bind="query-params"
    )
    name = MONEY.get(str(picked), "total_value")
    realised = [m for m in history if m.statistic == name]
    estimated = [m for m in history if m.statistic == f"estimated_{name}"]
    totals = [m for m in history if m.statistic == "total_value"]
    awaited = [m for m in history if m.statistic == "estimated_total_value"]
    title = estimates.value_message(totals, awaited)
    figure = timelines.over_windows(
        realised,
        title=title,
        name=catalogue.get(name).title,
        beside=estimated,
        marks=marks,
    )
    rows = tables.rows([*realised, *estimated])
    widgets.chart(figure, name="value", alt=title, rows=rows)
    if newest := (realised or estimated)[-1:]:
        widgets.explain_number(newest[0].statistic, measurement=newest[0])


def service(history: "Sequence[Measurement]", *, marks: "Sequence[Mark]") -> None:
    """Draw latency, errors and throughput against the service level."""
    if not history:
        hint = "Name the log's latency and status columns in the monitor: its setting `service`."
        widgets.empty("The service is not watched", hint=hint)
        return
    newest = [m for m in history if m.window == history[-1].window]
    title = estimates.service_message(newest)
    widgets.badge(overall(newest), title)
    times = {
        label: [m for m in history if m.statistic == name] for label, name in LATENCIES.items()
    }
    if any(times.values()):
        title = timelines.message(times["95 %"], name="Latency within which 95 % of answers came")
        figure = timelines.several(times, title=title, name="Latency", marks=marks)
        rows = tables.rows([m for part in times.values() for m in part])
        widgets.chart(figure, name="latency", alt=title, rows=rows)
    for name in ("error_share", "throughput"):
        of_it = [m for m in history if m.statistic == name]
        if of_it:
            declared = catalogue.get(name)
            title = timelines.message(of_it, name=declared.title)
            figure = timelines.over_windows(of_it, title=title, name=declared.title, marks=marks)
            widgets.chart(figure, name=name, alt=title, rows=tables.rows(of_it))
            widgets.explain_number(name, measurement=of_it[-1])


def waiting(
    days: "Sequence[tuple[date, Tally]]", *, monitor: "Monitor", marks: "Sequence[Mark]"
) -> None:
    """Say for what share of rows the outcome is known by now, window by window."""
    parts = outcomes.by_window(days, window_of=partial(measuring.window_of, grain=monitor.grain))
    known = {window: (measuring.matured(tally), tally.rows) for window, tally in parts.items()}
    shares = outcomes.waiting(known, wanted=monitor.maturity)
    title = outcomes.waiting_message(shares, wanted=monitor.maturity)
    figure = timelines.over_windows(
        shares, title=title, name="share of outcomes known", marks=marks
    )
    widgets.chart(figure, name="outcomes_known", alt=title, rows=tables.rows(shares))
