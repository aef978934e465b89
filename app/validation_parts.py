"""What the tabs of the Validation page show: the plan, the trials, how to repeat them."""

from typing import TYPE_CHECKING, Any, cast

import streamlit as st

from app import widgets, words
from lifecycle.charts import soundness, tables, wording
from lifecycle.domain.measurement import SEVERITY
from lifecycle.services import assessment, plans
from lifecycle.stats import catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lifecycle.domain.evidence import Evidence
    from lifecycle.domain.measurement import Measurement

GROUPS: "Mapping[str, tuple[tuple[str, ...], str, str | None]]" = {
    "Champion": (
        ("champion_gain", "decision_gain", "baseline_gain"),
        "gain; above 0 this version is better",
        "equal",
    ),
    "Robustness": (
        ("noise_loss", "missing_loss", "category_loss"),
        "loss of the measure; above 0 it gets worse",
        "no loss",
    ),
    "Weak slices": (("worst_slice_gap",), "mean loss beyond that of all other rows", "as others"),
    "Stability": (
        ("generalisation_gap", "fold_spread", "seed_spread"),
        "difference or standard deviation of the measure",
        "no difference",
    ),
    "Rows": (
        ("training_overlap", "duplicate_share", "outside_training_share", "single_feature_auc"),
        "share of rows; for columns the area under the ROC curve",
        None,
    ),
    "Behaviour": (
        ("flip_share", "monotonicity_breaks", "calibration_slope", "calibration_intercept"),
        "share of rows; for calibration slope and log-odds",
        None,
    ),
    "Cost": (("scoring_latency", "scoring_memory", "file_size"), "milliseconds, megabytes", None),
}
"""Which statistics are shown together, what their axis says and what 0 means on it."""

MEASURED_BY = frozenset({"Champion", "Robustness", "Stability"})
"""Kinds of trials that stand in the measure by which the model was judged."""

HASH = 16
"""Letters of a hash that tell it from any other; the evidence record has all of it."""


def verdict(kept: "Sequence[Evidence]") -> None:
    """Say for each purpose what its plan's limits came to."""
    for one in kept:
        said = soundness.message(one.measurements)
        when = wording.moment(one.created_at)
        widgets.judgement(
            one.measurements, f"**{one.purpose.capitalize()}.** {said}. `{one.id}`, {when}"
        )
        made = plans.recorded(one.plan)
        if made is not None:
            changes = "; ".join(cast("Sequence[str]", made["changes"]))
            why = f"Plan changed by {made['by']} after results were known: {made['reason']}"
            widgets.note(f"{why} ({changes})", icon="gavel")


def against_plan(kept: "Sequence[Evidence]") -> None:
    """Show every value that a plan limits, the worst first, and the plan itself."""
    for one in kept:
        judged = [m for m in one.measurements if m.limit is not None]
        judged.sort(key=lambda m: SEVERITY.index(m.state))
        st.subheader(one.purpose.capitalize())
        if judged:
            alt = soundness.message(one.measurements)
            small = {"adjusted p": st.column_config.NumberColumn("p", format="%.2g")}
            name = f"limits_{one.purpose}"
            widgets.table(tables.rows(judged), name=name, alt=alt, columns=small)
        else:
            widgets.note(f"{soundness.message(one.measurements)}.")
        plan(one)


def plan(kept: "Evidence") -> None:
    """Show a plan: when it was fixed, what it wants and why."""
    held = assessment.plan_of(kept)
    fixed: Any = kept.plan.get(plans.FIXED) or {}
    stamp = f"fixed {fixed['at'][:16].replace('T', ' ')} UTC by {fixed['by']}" if fixed else ""
    name = f"Plan {held.name} {fixed.get('version', '')}".strip()
    with st.expander(words.said(f"{name}, {stamp}" if stamp else name)):
        if held.rationale:
            st.text(held.rationale)
        rows = [
            {
                "statistic": statistic,
                "wanted": limit.wanted,
                "severity": limit.severity,
                "why": limit.rationale or None,
            }
            for statistic, limit in held.limits.items()
        ]
        if rows:
            widgets.table(rows, name=f"plan_{kept.purpose}", alt=f"The limits of {name}")


def trials(kept: "Evidence") -> None:
    """Show what was tried, a chart for each kind of trial."""
    by_name: dict[str, list[Measurement]] = {}
    for m in kept.measurements:
        by_name.setdefault(m.statistic, []).append(m)
    groups = [name for name, (held, _, _) in GROUPS.items() if any(n in by_name for n in held)]
    chosen = st.segmented_control(
        "Tried", groups, default=groups[0], required=True, key="tried", bind="query-params"
    )
    names, axis, zero = GROUPS[str(chosen) if chosen in groups else groups[0]]
    shown = [m for name in names for m in by_name.get(name, [])]
    settings: Any = kept.method.get("settings") or {}
    if settings.get("metric") and chosen in MEASURED_BY:
        measure = catalogue.get(str(settings["metric"]))
        unit = f", {wording.unit(measure.unit)}" if wording.unit(measure.unit) else ""
        widgets.note(f"Measured by {measure.title}{unit}.", icon="straighten")
    for number, rows in enumerate(soundness.together(shown)):
        if any(m.value is not None for m in rows):
            title = soundness.heading(rows)
            figure = soundness.forest(rows, title=title, axis=axis, zero=zero)
            widgets.chart(figure, name=f"trial_{number}", alt=title, rows=tables.rows(rows))
    for m in shown:
        if m.value is None:
            widgets.badge(m.state, f"{soundness.label(m)}: {m.reason or ''}")
    there = [name for name in names if name in by_name]
    name = there[0]
    if len(there) > 1:
        label, key = "Trial to explain", "explained"
        asked = st.selectbox(label, there, format_func=lambda n: catalogue.get(n).title, key=key)
        name = asked if asked in there else name
    widgets.explain_number(name, measurement=by_name[name][0], evidence=kept.id)


def method(kept: "Sequence[Evidence]") -> None:
    """Show what decides the numbers, and whether somebody repeated them."""
    for one in kept:
        how: Any = one.method
        st.subheader(f"{one.purpose.capitalize()}, {one.id}")
        libraries = ", ".join(f"{k} {v}" for k, v in how.get("libraries", {}).items())
        facts = {
            "rows": f"{how.get('rows', 0):,} of {one.snapshot_id}",
            "data SHA-256": str(how.get("data_sha256"))[:HASH],
            "model file SHA-256": str(how.get("artifact") or "none")[:HASH],
            "code": how.get("code_commit") or "not recorded",
            "seed": str(how.get("seed")),
            "programs": f"lifecycle {how.get('lifecycle')}, Python {how.get('python')}",
            "libraries": libraries,
        }
        widgets.facts(facts, alt=f"What decides the numbers of {one.id}")
        again: Any = one.payload.get("reproduction")
        if again:
            word = "reproduces" if again["reproduced"] else "does not reproduce"
            said = f"It {word} {again['of']}, {again['compared']} values compared"
            reasons = "; ".join([*again["differences"], *again["because"]])
            icon = "check_circle" if again["reproduced"] else "error"
            widgets.note(f"{said}{': ' if reasons else '.'}{reasons}", icon=icon)
        findings: Any = one.payload.get("findings") or []
        for finding in findings:
            widgets.note(str(finding), icon="report")
