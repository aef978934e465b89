"""The parts of the fairness page: rates, gaps, pairs of attributes, thresholds, history."""

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from app import widgets
from lifecycle.charts import (
    crossed,
    groups,
    outcomes,
    soundness,
    tables,
    thresholds,
    timelines,
    wording,
)
from lifecycle.domain.measurement import State, Window
from lifecycle.services import measuring, withholding
from lifecycle.services.analysis.fairness import JOINT, sweeping
from lifecycle.services.measuring import Counts, Watch, fairness
from lifecycle.services.measuring.watch import SHOWN_FROM, slice_of
from lifecycle.stats import catalogue
from lifecycle.stats.fairness.suppression import suppressed
from lifecycle.stats.fairness.sweep import LEGALLY_SENSITIVE
from lifecycle.stats.summaries import UNKNOWN, BinaryTally
from lifecycle.store import tallies

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lifecycle.domain.evidence import Evidence
    from lifecycle.domain.measurement import Measurement
    from lifecycle.domain.model import Version
    from lifecycle.domain.monitor import Monitor
    from lifecycle.store.connection import Connection

FEW = 2
"""More sentences on small groups than this are folded, so that numbers stay in sight."""

RATES = [rate.name for rate in (*catalogue.FAIRNESS_RATES, *catalogue.FAIRNESS_ERRORS)]


def in_production(
    con: "Connection", version: "Version", *, monitor: "Monitor", span: Window, shown_from: int
) -> "list[Measurement]":
    """Measure a span as the monitor does; what needs outcomes ends where they are known."""
    daily = tallies.daily(con, version.id, start=span.start.date(), end=span.end.date())
    by_window = partial(measuring.window_of, grain=monitor.grain)
    windows = outcomes.by_window(daily.get(measuring.ALL_ROWS, []), window_of=by_window)
    if not windows:
        return []
    ripe = [w for w, tally in windows.items() if measuring.matured(tally) >= monitor.maturity]
    found: list[Measurement] = []
    columns = version.columns
    watched = Watch(
        monitor,
        sensitive=columns.sensitive,
        target=columns.target,
        shown_from=max(shown_from, SHOWN_FROM),
    )
    for end, wanted in ((span.end, True), (max(w.end for w in ripe or windows), False)):
        days = {k: [t for day, t in d if day < end.date()] for k, d in daily.items()}
        totals = {key: outcomes.total(parts) for key, parts in days.items() if parts}
        counts = Counts(Window(min(w.start for w in windows), end), tallies=totals)
        measured = fairness.measure(watched, counts)
        found += [m for m in measured if (m.statistic in fairness.UNLABELLED) is wanted]
    return found


def nothing(version: "Version", *, span: Window | None) -> None:
    """Say why there is nothing to compare, and what would change that."""
    ask = f"`lifecycle assess {version.model_id} {version.name} --snapshot … --plan …`"
    if not version.columns.sensitive:
        title = f"Version {version.name} names no sensitive column"
        hint = (
            f"Name them in a plan (`sensitive: [sex]`) and measure with {ask}, or register a "
            "version with `lifecycle version add … --sensitive sex`."
        )
    elif span is not None:
        title = f"No group was measured in the {wording.span(span)}"
        hint = f"Look back further, or measure rows with {ask}."
    else:
        title = "No group was measured yet"
        named = ", ".join(version.columns.sensitive)
        watched = f"`lifecycle monitor run {version.model_id}`"
        hint = f"Measure by {named} with {ask}, or let a monitor do it: {watched}."
    widgets.empty(title, hint=hint)


def by_group(
    found: "Sequence[Measurement]", *, attribute: str, within: "Mapping[str, str]"
) -> "list[Measurement]":
    """Return the rates of an attribute's groups, within one class or control group."""
    named = {*attribute.split(JOINT), *within}
    return [
        m
        for m in found
        if m.statistic in RATES and set(m.slice) == named and within.items() <= m.slice.items()
    ]


def verdict(gaps: "Sequence[Measurement]", rates: "Sequence[Measurement]") -> None:
    """Say what limits made of the gaps, and of the groups' own rates where a plan limits them."""
    limited = [m for m in rates if m.limit is not None]
    said = groups.gap_message(gaps)
    if limited:
        said += f". By group: {soundness.message(limited)}"
    widgets.judgement([*gaps, *limited], f"{said}.")


def spans(found: "Sequence[Measurement]") -> None:
    """Say over which days decisions were counted, and over which what needs outcomes was."""
    decided = next((m.window for m in found if m.statistic in fairness.UNLABELLED), None)
    known = next((m.window for m in found if m.statistic not in fairness.UNLABELLED), None)
    if decided and known and decided != known:
        widgets.note(
            f"Decisions of the {wording.span(decided)}; what needs outcomes stands on the "
            f"{wording.span(known)}, as later ones are not known yet.",
            icon="date_range",
        )
    elif window := decided or known:
        span = wording.span(window)
        widgets.note(f"Rates and gaps stand on the {span}.", icon="date_range")


def computed(gaps: "Sequence[Measurement]", *, kept: "Evidence | None") -> None:
    """Offer how one of the gaps is computed."""
    names = list(dict.fromkeys(m.statistic for m in gaps))
    chosen = st.selectbox("Gap to explain", names, format_func=_title, key="explained")
    name = chosen or names[0]
    measured = next(m for m in gaps if m.statistic == name)
    widgets.explain_number(name, measurement=measured, evidence=kept.id if kept else None)


def _title(statistic: str) -> str:
    return catalogue.get(statistic).title


def notices(kept: "Evidence", *, shown_from: int) -> None:
    """Say what a reader of the numbers must know: findings, who is compared, hidden, unknown."""
    told = [f"{t[:1].upper()}{t[1:]}" for t in withholding.told(kept, shown_from=shown_from)]
    small = [text for text in told if text.startswith("Group ")]
    for text in told:
        if len(small) <= FEW or text not in small:
            widgets.note(text)
    if len(small) > FEW:
        with st.expander(f"{len(small)} groups are too small for any gap"):
            for text in small:
                widgets.note(text)


def smallest(shown_from: int, *, production: bool) -> None:
    """Say from how many rows on a group is shown."""
    least = max(shown_from, SHOWN_FROM) if production else shown_from
    if least:
        widgets.note(
            f"A group of fewer than {least} rows is not shown, nor is one that would give it away."
        )
    else:
        widgets.note(
            "Groups of any size are shown; the setting `suppress_below`, or `suppress` in the "
            "plan, hides small ones."
        )


def pick_rate(measured: "Sequence[Measurement]", *, key: str = "rate") -> str:
    """Let the person pick one of the rates that were measured."""
    names = list(dict.fromkeys(m.statistic for m in measured))
    chosen = st.selectbox("Rate", names, key=key, bind="query-params", format_func=_title)
    return chosen if chosen in names else names[0]


def rates(measured: "Sequence[Measurement]") -> None:
    """Draw one rate by group, and say which groups are too small or not shown."""
    if not measured:
        widgets.empty("No rate by group here", hint="Name rates in the plan's `statistics`.")
        return
    rate = pick_rate(measured)
    shown, declared = [m for m in measured if m.statistic == rate], catalogue.get(rate)
    title = groups.message(shown, name=declared.title)
    figure = groups.rates(shown, title=title, name=declared.title)
    widgets.chart(figure, name="rates", alt=title, rows=tables.rows(shown))
    without_value(shown)
    widgets.explain_number(rate, measurement=shown[0])


def forest(gaps: "Sequence[Measurement]", *, name: str) -> None:
    """Draw gaps of one kind with their limits."""
    if gaps:
        titles, title = [catalogue.get(m.statistic).title for m in gaps], groups.gap_message(gaps)
        figure = groups.gaps(gaps, titles=titles, title=f"{name}: {title}")
        widgets.chart(figure, name=f"gaps_{name}", alt=title, rows=tables.rows(gaps))
        without_value(gaps)


def without_value(measured: "Sequence[Measurement]") -> None:
    """Say why some rows of a chart have no number, each reason once."""
    found: dict[tuple[State, str], list[str]] = {}
    for m in measured:
        if m.value is None:
            about = wording.group(m.slice) if m.column is None else _title(m.statistic)
            found.setdefault((m.state, m.reason or "no reason given"), []).append(about)
    for (state, reason), about in found.items():
        widgets.badge(state, f"{'; '.join(about)}: {reason}.")


def pairs(found: "Sequence[Measurement]", *, within: "Mapping[str, str]") -> None:
    """Draw a rate of two attributes together as a heat map, within one class or group."""
    both = [
        m
        for m in found
        if within.items() <= m.slice.items()
        and len(m.slice) - len(within) == 2  # noqa: PLR2004 -- a pair
        and m.statistic in RATES
    ]
    if not both:
        hint = "Set `intersect: 2` in an assessment's plan; a monitor counts each by itself."
        widgets.empty("No pair of attributes was measured", hint=hint)
        return
    crossing = [tuple(name for name in m.slice if name not in within) for m in both]
    known = list(dict.fromkeys(JOINT.join(names) for names in crossing))
    chosen = st.selectbox("Attributes together", known, key="pair", bind="query-params") or known[0]
    down, across = next(names for names in crossing if JOINT.join(names) == chosen)
    held = [m for m, names in zip(both, crossing, strict=True) if names == (down, across)]
    rate = pick_rate(held, key="pair_rate")
    shown, declared = [m for m in held if m.statistic == rate], catalogue.get(rate)
    title = crossed.message(shown, name=declared.title)
    figure = crossed.heatmap(shown, attributes=(down, across), title=title, name=declared.title)
    widgets.chart(figure, name="pairs", alt=title, rows=tables.rows(shown))
    widgets.explain_number(rate, measurement=shown[0])


def moved(
    con: "Connection",
    version: "Version",
    *,
    attribute: str,
    monitor: "Monitor | None",
    span: Window | None,
    shown_from: int,
) -> None:
    """Show what other thresholds would do to each group, from the counts of production."""
    least = max(shown_from, SHOWN_FROM)
    swept = _swept(con, version, attribute=attribute, monitor=monitor, span=span, least=least)
    if "groups" not in swept:
        hint = "`lifecycle fairness … --score S --sweep` does the same on a file."
        widgets.empty(f"No threshold to move: {swept['reason']}", hint=hint)
        return
    names = list(thresholds.CURVES)
    curve = st.selectbox(
        "Curve", names, key="curve", bind="query-params", format_func=thresholds.CURVES.__getitem__
    )
    now, curve = version.columns.threshold, curve or names[0]
    title = thresholds.message(swept, curve=curve, now=now)
    figure = thresholds.curves(swept, curve=curve, title=title, now=now)
    rows = thresholds.curve_rows(swept, curve=curve)
    widgets.chart(figure, name="thresholds", alt=title, rows=rows)
    st.subheader("Points to choose from")
    widgets.table(thresholds.point_rows(swept), name="points", alt="Thresholds one could choose")
    widgets.note(LEGALLY_SENSITIVE, icon="gavel")


def _swept(
    con: "Connection",
    version: "Version",
    *,
    attribute: str,
    monitor: "Monitor | None",
    span: Window | None,
    least: int,
) -> "Mapping[str, object]":
    """Sweep the thresholds of an attribute's groups over the counts of a span."""
    if span is None or monitor is None:
        return {"reason": "scores are counted by group in production alone"}
    daily = tallies.daily(con, version.id, start=span.start.date(), end=span.end.date())
    held: dict[str, BinaryTally] = {}
    rows: dict[tuple[str], int] = {}
    for key, days in daily.items():
        named = slice_of(key)
        tally = outcomes.total([t for _, t in days]) if days else None
        if list(named) != [attribute] or not isinstance(tally, BinaryTally):
            continue
        rows[(named[attribute],)] = tally.rows
        if int(tally.scores[:UNKNOWN].sum()) >= monitor.minimum:
            held[named[attribute]] = tally
    for (group,) in suppressed(rows, k=least):
        held.pop(group, None)
    if len(held) < 2:  # noqa: PLR2004 -- a comparison needs two
        return {"reason": "fewer than two groups have enough scores with outcomes to be shown"}
    return sweeping.swept(dict(sorted(held.items())), costs=monitor.costs)


def over_time(
    con: "Connection",
    version: "Version",
    gaps: "Sequence[Measurement]",
    *,
    attribute: str,
    shown_from: int,
) -> None:
    """Draw one gap over the monitor's windows."""
    names = [m.statistic for m in gaps]
    worst = next((m.statistic for m in gaps if m.limit is not None), names[0])
    chosen = st.selectbox(
        "Gap",
        names,
        names.index(worst),
        key="statistic",
        bind="query-params",
        format_func=_title,
    )
    declared = catalogue.get(chosen if chosen in names else worst)
    within = tallies.slice_key(gaps[0].slice)
    history = withholding.history(
        con,
        version.id,
        shown_from=shown_from,
        statistic=declared.name,
        column=attribute,
        slice=within,
    )
    if not history:
        hint = f"`lifecycle monitor run {version.model_id}` does."
        widgets.empty("Not monitored yet", hint=hint)
        return
    title = timelines.message(history, name=f"{declared.title} of {attribute}")
    figure = timelines.over_windows(history, title=title, name=declared.title)
    widgets.chart(figure, name="gap_over_time", alt=title, rows=tables.rows(history))
    widgets.explain_number(declared.name, measurement=history[-1])
