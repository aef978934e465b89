"""What may be forgotten and what must not: periods, legal holds, and what is due, on screen."""

import streamlit as st

from app import session, widgets, words
from lifecycle.domain.actor import Permission
from lifecycle.domain.retention import EVERYTHING, periods_with
from lifecycle.services import erasure
from lifecycle.store import holds, people


def show() -> None:
    """Show the periods with what is due, and the holds; let an administrator act."""
    may = session.may(Permission.ADMINISTER)
    periods = periods_with(session.process().settings.retention)
    found = erasure.due(session.cursor(), at=session.now(), periods=periods)
    waiting = sum(one.due for one in found)
    st.subheader("How long records are kept")
    answer = f"{waiting:,} records are due to go" if waiting else "Nothing is due to go"
    st.markdown(f"**{answer}.**")
    rows = [
        {
            "class": one.period.record_class.value,
            "kept": "as long as the workspace"
            if one.period.days is None
            else f"{one.period.days:,} days after {one.period.counted_from}",
            "due": one.due,
            "held": one.held,
            "why": one.period.why,
        }
        for one in found
    ]
    widgets.table(rows, name="retention", alt="Classes of records and their periods")
    if may and waiting and st.button("Dispose of what is due", key="dispose"):
        with widgets.refusals():
            by, at = session.actor(), session.now()
            gone = erasure.dispose(session.workspace(), by=by, at=at, periods=periods)
            said = ", ".join(f"{count:,} {name}" for name, count in gone.items())
            widgets.finish(f"Gone: {said}.")
    st.subheader("Legal holds")
    _holds(may=may)


def _holds(*, may: bool) -> None:
    found = holds.every(session.cursor())
    if found:
        rows = [
            {
                "hold": one.id,
                "covers": one.subject,
                "reason": one.reason,
                "placed by": one.placed_by,
                "placed (UTC)": one.placed_at,
                "state": "holds" if one.active else f"released by {one.released_by}",
            }
            for one in found
        ]
        widgets.table(rows, name="holds", alt="Legal holds, newest first")
    else:
        widgets.empty(
            "Nothing is under legal hold",
            hint="A hold keeps what it covers from being erased or disposed of.",
        )
    if may:
        _place()
        active = [one.id for one in found if one.active]
        if active:
            _release(active)


def _place() -> None:
    with st.expander("Place a hold", icon=":material/gavel:"), st.form("hold"):
        everybody = [f"person:{person.name}" for person in people.every(session.cursor())]
        subject = st.selectbox("What it covers", [EVERYTHING, *everybody], key="hold_subject")
        reason = st.text_input("Why", max_chars=500, key=widgets.field("hold_reason"))
        if st.form_submit_button("Place it", type="primary", key="place_hold"):
            with widgets.refusals():
                placed = erasure.hold(
                    session.workspace(),
                    str(subject),
                    reason=reason,
                    by=session.actor(),
                    at=session.now(),
                )
                since = words.moment(placed.placed_at)
                said = f"{placed.id} holds {placed.subject} from {since} on."
                widgets.finish(said, empty=["hold_reason"])


def _release(active: list[str]) -> None:
    with st.expander("Release a hold", icon=":material/lock_open:"), st.form("release"):
        chosen = st.selectbox("Hold", active, key="release_id")
        reason = st.text_input("Why", max_chars=500, key=widgets.field("release_reason"))
        if st.form_submit_button("Release it, as a second person", key="release_hold"):
            with widgets.refusals():
                by, at = session.actor(), session.now()
                erasure.release(session.workspace(), str(chosen), reason=reason, by=by, at=at)
                widgets.finish(f"{chosen} is released.", empty=["release_reason"])
