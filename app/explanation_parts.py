"""The parts of the Explanations page about all rows: drivers, columns, groups and versions."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import streamlit as st

from app import explained_windows, session, widgets, words
from lifecycle.charts import compared, effects, importance, wording
from lifecycle.domain.actor import Permission
from lifecycle.domain.measurement import State, verdict
from lifecycle.errors import InvalidInput
from lifecycle.services import explanation_drift
from lifecycle.services.explanation import numbers, reading
from lifecycle.stats import catalogue

if TYPE_CHECKING:
    from lifecycle.domain.evidence import Evidence

Effects = Mapping[str, Any]


def drivers(kept: "Evidence", found: Effects | None) -> None:
    """Draw the columns that drive the answers, how sure their order is, and what it rests on."""
    ranking = cast("Mapping[str, Any] | None", kept.method.get("ranking"))
    if ranking is not None:
        sure = all(pair["order"] != "open" for pair in ranking["pairs"])
        said = numbers.sentence(ranking)
        state = State.OK if sure else State.INSUFFICIENT
        widgets.badge(state, f"{said[:1].upper()}{said[1:]}.")
    grouped = False
    if found and found["groups"]:
        alike = ", ".join(
            f"{one['first']} and {one['second']} ({one['value']:.2f})"
            for one in found["associations"][:3]
        )
        more = len(found["associations"]) - 3
        named = alike + (f" and {wording.counted(more, 'more pair')}" if more > 0 else "")
        text = f"Columns that go together can trade places in this ranking: {named}."
        widgets.note(text, icon="warning")
        grouped = st.toggle("Group columns that go together", key="grouped", bind="query-params")
    shown = importance.grouped(kept, found["groups"]) if found and grouped else None
    bars = shown or importance.drivers(kept)
    title = importance.message(bars)
    figure = importance.bars(bars, title=title, space=str(kept.method["output_space"]))
    rows = importance.rows(kept) if shown is None else importance.plain_rows(shown)
    widgets.chart(figure, name="drivers", alt=title, rows=rows)
    with st.popover("How is this computed", icon=":material/functions:", type="tertiary"):
        st.markdown(importance.METHOD)
        st.markdown(f"Source: {importance.SOURCE}. Evidence record `{kept.id}`.")
    st.subheader("What these numbers rest on")
    widgets.facts(importance.facts(kept), alt="How the explanation was made")


def along(kept: "Evidence", found: Effects | None) -> None:
    """Draw how the answer moves along one column, and which columns act together."""
    if found is None:
        nothing_kept()
        return
    left, middle, right = st.columns(3)
    known: dict[str, Any] = dict(found["columns"])
    picked = left.selectbox("Column", list(known), key="column", bind="query-params")
    name = str(picked) if picked in known else next(iter(known))
    if not found["rows"]:
        widgets.note(
            "Single rows are left out, because your roles do not let you open them; curves and "
            "their intervals are means over rows.",
            icon="lock",
        )
    if name in found["hidden"]:
        known[name] = _single_rows(kept, name) or known[name]
    views = effects.views(known[name])
    if not views:
        widgets.note(f"{name} holds one value only, so there is no curve to draw along it.")
        return
    chosen = middle.selectbox(
        "What is drawn", [view.value for view in views], key="view", bind="query-params"
    )
    view = next((one for one in views if one == chosen), views[0])
    outputs: list[str] = found["outputs"]
    output = 0
    if len(outputs) > 1:
        answer = right.selectbox("Answer", outputs, key="output", bind="query-params")
        output = outputs.index(answer) if answer in outputs else 0
    figure = effects.figure(
        name, known[name], view=view, output=output, unit=str(kept.method["output_space"])
    )
    title = effects.message(name, known[name], view=view, output=output)
    rows = effects.rows(known[name], view=view, output=output)
    widgets.chart(figure, name=f"along_{name}", alt=title, rows=rows)
    widgets.note(effects.METHODS[view])
    st.subheader("Columns that act together")
    st.markdown(words.said(effects.together(found)))
    pairs = effects.interactions(found)
    if pairs:
        widgets.table(pairs, name="interactions", alt="How far pairs of columns act together")
        widgets.note(
            f"What is left of the joint effect of two columns after both single ones, in "
            f"{kept.method['output_space']}, with a 95 % interval over the points tried "
            "(Friedman and Popescu 2008)."
        )


def _single_rows(kept: "Evidence", name: str) -> Mapping[str, Any] | None:
    """Return a column with rows that show a sensitive value, once somebody who may opened them."""
    if not session.may(Permission.READ_SENSITIVE):
        widgets.note(
            "Single rows would show a protected attribute; your roles do not let you see them.",
            icon="lock",
        )
        return None
    opened: dict[tuple[str, str], Any] = st.session_state.setdefault("rows_opened", {})
    if (kept.id, name) not in opened:
        widgets.note(
            "Single rows show a protected attribute; the audit trail keeps who opens them."
        )
        if st.button(
            words.said(f"Show rows along {name}"), icon=":material/visibility:", key="rows_open"
        ):
            with widgets.refusals():
                opened[kept.id, name] = reading.single_rows(
                    session.workspace(), kept, name, by=session.actor(), at=session.now()
                )
    return opened.get((kept.id, name))


def cohorts(kept: "Evidence", found: Effects | None) -> None:
    """Compare what drives the answers of groups of rows."""
    if found is None:
        nothing_kept()
        return
    named = list(dict.fromkeys(one["by"] for one in found["cohorts"]))
    if not named:
        hint = "Name sensitive or categorical columns when a version is registered."
        widgets.empty("No column to form groups by", hint=hint)
        return
    by = st.selectbox("Groups by", named, key="cohort", bind="query-params")
    by = by if by in named else named[0]
    shown = [one for one in found["cohorts"] if one["by"] == by]
    title = compared.cohort_message(shown)
    figure = compared.cohorts(shown, unit=str(kept.method["output_space"]))
    widgets.chart(figure, name=f"cohorts_{by}", alt=title, rows=compared.cohort_rows(shown))
    small = [one for one in shown if one["state"] != "ok"]
    for one in small:
        widgets.badge(State.INSUFFICIENT, f"{one['group']}: {one['reason']} (n {one['n']}).")
    widgets.note("Means over the explained rows of each group, with 95 % intervals.")


def compare(kept: "Evidence", model_id: str) -> None:
    """Compare two explanations: champion and challenger, or one version at two times."""
    others = {
        one.id: one for one in reading.of_model(session.cursor(), model_id) if one.id != kept.id
    }
    if not others:
        hint = "Explain another version of this model, or this one on other rows."
        widgets.empty("Only one explanation so far", hint=hint)
        return
    first = next((i for i, o in others.items() if o.version_id != kept.version_id), None)
    order = [first, *(i for i in others if i != first)] if first else list(others)
    chosen = st.selectbox(
        "Compare with",
        order,
        format_func=lambda i: label(others[i]),
        key="against",
        bind="query-params",
    )
    other = others.get(str(chosen)) or others[order[0]]
    names = (named(other, kept), named(kept, other))
    figure = compared.figure(other, kept, labels=names)
    rows = compared.rows(other, kept)
    title = compared.message(rows, labels=names)
    widgets.chart(figure, name="compared", alt=title, rows=rows)
    widgets.note(
        "Each column's share of all influence, so that answers in different units can be "
        "compared; bars are 95 % intervals."
    )
    try:
        measured = explanation_drift.between(other, kept)
    except InvalidInput as error:
        widgets.note(f"{str(error)[:1].upper()}{str(error)[1:]} by their values, only by shares.")
        return
    said = ", ".join(f"{catalogue.get(m.statistic).title} {wording.measured(m)}" for m in measured)
    state = verdict(m.state for m in measured if m.limit is not None)
    widgets.badge(state if measured else State.INSUFFICIENT, f"{said}.")
    explained_windows.to_drift(*kept.version_id.split("/", 1))


def label(kept: "Evidence") -> str:
    """Name an explanation in a picker, what sets it apart first: a phone cuts the rest."""
    version = kept.version_id.rpartition("/")[2]
    return f"{words.moment(kept.created_at)}, version {version} on {kept.snapshot_id} ({kept.id})"


def named(kept: "Evidence", other: "Evidence") -> str:
    """Name an explanation by what sets it apart from the other one."""
    if kept.version_id != other.version_id:
        return f"Version {kept.version_id.rsplit('/', 1)[-1]}"
    return f"The one of {wording.day(kept.created_at)}"


def nothing_kept() -> None:
    """Say that an explanation is from before these were computed."""
    hint = "Compute new values below the tabs; they come with it."
    widgets.empty("This explanation holds no effects along columns", hint=hint)
