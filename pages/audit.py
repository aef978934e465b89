"""Audit: who did what, when and why, and whether the record still is what was written."""

import json
from datetime import UTC, datetime, time, timedelta
from typing import Any

import streamlit as st

from app import session, widgets, words
from lifecycle.domain.actor import Permission
from lifecycle.services import trail
from lifecycle.store import audit

ROWS = 100

widgets.header("Audit", question="Who did what, when and why?")
widgets.require(Permission.READ_TRAIL)

# Pick: every filter stands in the address.
actor = session.actor()
workspace, con = session.workspace(), session.cursor()
left, middle, right = st.columns(3)
text = left.text_input("Text", key="text", bind="query-params", placeholder="anywhere in an event")
by = middle.text_input("By", key="by", bind="query-params", placeholder="a person's name")
action = right.text_input(
    "Action", key="action", bind="query-params", placeholder="request, or request.approve"
)
subject = left.text_input(
    "Subject", key="subject", bind="query-params", placeholder="version:credit-default/3"
)
start = middle.date_input("From (UTC)", value=None, key="from", bind="query-params")
end = right.date_input("To, inclusive (UTC)", value=None, key="to", bind="query-params")

# Query: a page of links, newest first.
where: dict[str, Any] = {
    "text": text.strip() or None,
    "by": by.strip() or None,
    "action": action.strip() or None,
    "subject": subject.strip() or None,
    "start": datetime.combine(start, time(), UTC) if start else None,
    "end": datetime.combine(end, time(), UTC) + timedelta(days=1) if end else None,
}
found = audit.count(con, **where)
sequence, head = audit.head(con)
pages = max(1, -(-found // ROWS))
number = st.pagination(pages, key="page", bind="query-params") if pages > 1 else 1
links = audit.search(con, **where, limit=ROWS, offset=(min(number, pages) - 1) * ROWS)

# Draw.
st.markdown(f"{found:,} of {sequence:,} events; the last one's hash is `{head}`")
if not links:
    widgets.empty("No event matches", hint="Widen or clear the filters above.")
else:
    rows = [
        {
            "no.": link.sequence,
            "time (UTC)": link.event.at,
            "by": link.event.by,
            "action": link.event.action,
            "subject": link.event.subject,
            "reason": link.event.reason,
            "via": link.event.via,
        }
        for link in links
    ]
    row = widgets.table(rows, name="audit", alt="Audit events, newest first", select=True)
    widgets.note("Select a row to see all of an event.")
    if row is not None:
        link = links[row]
        st.subheader(f"Event {link.sequence:,}: {link.event.action} on {link.event.subject}")
        st.markdown(f"{link.event.by}, {words.moment(link.event.at)}. {link.event.reason}")
        st.code(json.dumps(link.event.details, indent=2, ensure_ascii=False), language="json")
        st.markdown(f"Hash `{link.hash}`  \nfollows `{link.previous}`")

# Act: verify the whole chain, or take it away.
st.subheader("Is it still what was written?")
if st.button("Verify the chain", key="verify", icon=":material/verified:", type="primary"):
    findings = trail.verify(workspace, by=actor)
    if findings:
        st.error(f"**The chain is broken in {len(findings)} places.**", icon=":material/error:")
        bad = [{"no.": f.sequence, "kind": f.kind.value, "finding": f.sentence} for f in findings]
        widgets.table(bad, name="findings", alt="What is wrong with the chain")
    else:
        st.success(
            f"All {sequence:,} events are unchanged, complete and in order, and the last one is "
            "the one whose hash is kept outside the database.",
            icon=":material/verified:",
        )


def export() -> bytes:
    """Write the whole chain as JSON lines; the export itself becomes an event."""
    file = workspace.tmp / f"audit-{session.now():%Y%m%dT%H%M%S%f}.jsonl"
    trail.export(workspace, file, by=actor, at=session.now())
    try:
        return file.read_bytes()
    finally:
        file.unlink()


st.download_button(
    "Export the whole chain (JSON lines)",
    data=export,
    file_name="audit.jsonl",
    mime="application/jsonl",
    key="export",
    icon=":material/download:",
    on_click="ignore",
)
widgets.note("`lifecycle audit verify FILE` checks an export on another machine.")
