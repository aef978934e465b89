"""The part of the Explanations page about one decision; opening it is recorded."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from app import session, widgets, words
from lifecycle.charts import decisions as drawn
from lifecycle.charts import wording
from lifecycle.domain.actor import Permission
from lifecycle.domain.model import Task
from lifecycle.services.explanation import decisions
from lifecycle.store import datasets, explained, logs, models

if TYPE_CHECKING:
    from lifecycle.domain.model import Version
    from lifecycle.store.explained import ExplainedDecision

AIMS = {
    Task.BINARY: "the other decision",
    Task.CLASSES: "any other class",
    Task.REGRESSION: "10..20",
}
"""What is looked for when nothing is named; numbers need a range."""

EXAMPLE = """adverse: higher
principal: 4
columns:
  late_payments: {raises: Payments were late, change: down, least: 0}
  age: {change: fixed}
"""


def show(version: "Version") -> None:
    """Let those who may see single rows explain one decision, or open one explained before."""
    if not session.may(Permission.READ_ROWS):
        widgets.note("Your roles do not let you open single rows.", icon="lock")
        return
    kept = {one.id: one for one in explained.of_version(session.cursor(), version.id)}
    if kept:
        chosen = st.selectbox(
            "Explained decisions",
            list(kept),
            format_func=lambda i: _label(kept[i]),
            key="decision",
            bind="query-params",
        )
        _opened(kept.get(str(chosen)) or next(iter(kept.values())))
    else:
        hint = f"Ask below, or `lifecycle version decision {version.model_id} {version.name}`."
        widgets.empty("No decision of this version was explained yet", hint=hint)
    if session.may(Permission.ASSESS):
        with st.expander("Explain a decision", expanded=not kept):
            _ask(version)
    if session.may(Permission.REGISTER):
        with st.expander("Words of the reasons"):
            _dictionary(version)


def _label(one: "ExplainedDecision") -> str:
    place = "the log" if one.source == decisions.LOG else one.source
    return f"{one.id}: row {one.row_key} of {place}, {words.moment(one.created_at)}"


def _opened(one: "ExplainedDecision") -> None:
    """Open it when asked, and keep it open while it is the one chosen."""
    if st.button(
        f"Open {one.id}",
        icon=":material/visibility:",
        key="decision_open",
        help="The row's values are shown to you; the audit trail keeps that you looked",
    ):
        with widgets.refusals():
            st.session_state["decision_opened"] = decisions.open_decision(
                session.workspace(), one.id, by=session.actor(), at=session.now()
            )
    opened: decisions.Opened | None = st.session_state.get("decision_opened")
    if opened is None or opened.kept.id != one.id:
        widgets.note("Opening it shows single values and is recorded in the audit trail.")
        return
    _draw(opened.content)


def _draw(content: Any) -> None:
    """Show what moved it, the reasons, like cases, and other ways."""
    title = drawn.message(content)
    rows = drawn.rows(content)
    widgets.chart(drawn.waterfall(content), name="waterfall", alt=title, rows=rows)
    left, right = st.columns(2)
    with left:
        st.subheader("Principal reasons")
        if content.get("standing"):
            st.markdown(f"{words.said(content['standing'].capitalize())}.")
        if not content["reasons"]:
            st.markdown("Nothing spoke against this case.")
        for number, reason in enumerate(content["reasons"], start=1):
            share = wording.percent(reason["share"])
            st.markdown(f"{number}. {words.said(reason['text'])} :small[({share})]")
        widgets.note("Shares of everything that pushed the answer to its adverse side.")
    with right:
        st.subheader("What would change it")
        if content.get("aim"):
            st.markdown(f"Looked for: {words.said(content['aim'])}.")
        for sentence in drawn.suggestions(content):
            st.markdown(f"- {words.said(sentence)}")
        if content["none_found"]:
            st.markdown(f"None found: {words.said(content['none_found'])}.")
        widgets.note(
            "The smallest changes found among cases on record, within what the dictionary lets "
            "change. They are no promise: the world may follow other rules than the model."
        )
    st.subheader("Similar cases")
    widgets.table(drawn.similar(content), name="similar", alt="The cases most like this one")
    with st.popover("How is this computed", icon=":material/functions:", type="tertiary"):
        widgets.facts(drawn.facts(content), alt="What this explanation rests on")


def _ask(version: "Version") -> None:
    con = session.cursor()
    sources = [decisions.LOG] if logs.first_last(con, version.id) else []
    first = [s for s in (version.reference, version.training) if s]
    sources += list(dict.fromkeys([*first, *(s.id for s in datasets.snapshots(con))]))
    if not sources:
        widgets.empty("No rows to take one from", hint="`lifecycle ingest predictions --help`.")
        return
    with st.form("explain_decision"):
        left, middle, right = st.columns(3)
        source = left.selectbox(
            "Rows", sources, format_func=lambda s: "what it scored" if s == decisions.LOG else s
        )
        row = middle.text_input(
            "Row",
            key=widgets.field("decision_row"),
            help="Its id; without an id column its number from 1",
        )
        aim = right.text_input(
            "Aim",
            key=widgets.field("decision_aim"),
            placeholder=AIMS[models.get(con, version.model_id).task],
            help="The answer to look for: a class, or a range such as 10..20, 10.. or ..20",
        )
        asked = st.form_submit_button("Explain it", type="primary", icon=":material/play_arrow:")
    if asked and source:
        with widgets.refusals():
            job = decisions.explain_decision(
                session.workspace(),
                version.model_id,
                version.name,
                row=row.strip(),
                source=source,
                aim=aim.strip() or None,
                by=session.actor(),
                at=session.now(),
            )
            said = f"{job.id} is queued; its result appears here."
            widgets.finish(said, empty=["decision_row", "decision_aim"])


def _dictionary(version: "Version") -> None:
    con = session.cursor()
    held = explained.dictionary(con, version.model_id)
    widgets.note(
        f"Version {held.version} is in force; a new one holds for decisions explained from then on."
        if held.version
        else "Nobody wrote a dictionary: reasons name columns and values, and all may change."
    )
    with st.form("reasons"):
        text = st.text_area(
            "Dictionary (YAML)",
            decisions.as_yaml(con, version.model_id) or EXAMPLE,
            height=220,
            help="raises and lowers: the reason in plain words; change: free, up, down or fixed",
        )
        published = st.form_submit_button("Put in force", icon=":material/publish:")
    if published:
        with widgets.refusals():
            made = decisions.publish_reasons(
                session.workspace(),
                version.model_id,
                text,
                by=session.actor(),
                at=session.now(),
            )
            widgets.finish(f"Version {made.version} of the dictionary is in force.")
