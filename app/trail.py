"""The audit trail on screen: its events, and what was true on a date."""

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import streamlit as st

from app import session, widgets, words
from lifecycle.charts import wording
from lifecycle.services import asof, erasure, evidence_pack
from lifecycle.store import audit, models
from lifecycle.store.shredding import is_sealed

if TYPE_CHECKING:
    from lifecycle.domain.audit import Link
    from lifecycle.domain.history import Asked, Portfolio, Then

ROWS = 100
EVERY = "all models"


def search() -> None:
    """Show matching events, newest first; every filter stands in the address."""
    con, where = session.cursor(), _filters()
    found = audit.count(con, **where)
    sequence, head = audit.head(con)
    pages = max(1, -(-found // ROWS))
    number = st.pagination(pages, key="page", bind="query-params") if pages > 1 else 1
    links = audit.search(con, **where, limit=ROWS, offset=(min(number, pages) - 1) * ROWS)
    st.markdown(f"{found:,} of {sequence:,} events; the last one's hash is `{head}`")
    if not links:
        widgets.empty("No event matches", hint="Widen or clear the filters above.")
        return
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
    columns = {"reason": st.column_config.TextColumn(width="large")}
    row = widgets.table(
        rows, name="audit", alt="Audit events, newest first", columns=columns, select=True
    )
    widgets.note("Select a row to see all of an event.")
    if row is not None:
        _event(links[row])


def _filters() -> "dict[str, Any]":
    left, middle, right = st.columns(3)
    text = left.text_input(
        "Text", key="text", bind="query-params", placeholder="anywhere in an event"
    )
    by = middle.text_input("By", key="by", bind="query-params", placeholder="a person's name")
    action = right.text_input(
        "Action", key="action", bind="query-params", placeholder="request, or request.approve"
    )
    left, middle, right = st.columns(3)  # a row of its own, so that a phone keeps the order
    subject = left.text_input(
        "Subject", key="subject", bind="query-params", placeholder="version:credit-default/3"
    )
    start = middle.date_input("From (UTC)", value=None, key="from", bind="query-params")
    end = right.date_input("To, inclusive (UTC)", value=None, key="to", bind="query-params")
    return {
        "text": text.strip() or None,
        "by": by.strip() or None,
        "action": action.strip() or None,
        "subject": subject.strip() or None,
        "start": datetime.combine(start, time(), UTC) if start else None,
        "end": datetime.combine(end, time(), UTC) + timedelta(days=1) if end else None,
    }


def _event(link: "Link") -> None:
    event = link.event
    st.subheader(words.said(f"Event {link.sequence:,}: {event.action} on {event.subject}"))
    st.markdown(f"{event.by}, {words.moment(event.at)}. {words.said(event.reason)}")
    details = dict(event.details)
    if any(is_sealed(value) for value in details.values()):
        widgets.note("Personal texts are sealed; opening them is recorded.", icon="lock")
        if st.button("Show personal texts", key="unseal", icon=":material/lock_open:"):
            who, at = session.actor(), session.now()
            details = erasure.read_personal(session.workspace(), event, by=who, at=at)
    st.code(json.dumps(details, indent=2, ensure_ascii=False), language="json", wrap_lines=True)
    st.markdown(f"Hash `{link.hash}`  \nfollows `{link.previous}`")


def as_of() -> None:
    """Show what was live on a date, approved by whom, on what evidence and policy."""
    left, right = st.columns(2)
    today = session.now().date()
    day = left.date_input(
        "At the end of (UTC)", value=today, max_value=today, key="day", bind="query-params"
    )
    known = [EVERY, *(model.id for model in models.every(session.cursor()))]
    chosen = right.selectbox("Model", known, key="model", bind="query-params")
    told_on(day or today, model_id=str(chosen) if chosen in known[1:] else None)


def told_on(day: date, *, model_id: str | None = None) -> None:
    """Show how the portfolio, or one model, stood at the end of a day."""
    end = datetime.combine(day, time(), UTC) + timedelta(days=1, microseconds=-1)
    with widgets.refusals(kept="Choose another date."):
        found = asof.as_of(
            session.workspace(),
            min(end, session.now()),
            model_id=model_id,
            by=session.actor(),
            now=session.now(),
        )
        _portfolio(found.told, at=found.at)
        widgets.note(
            f"Answered from the events up to no. {found.sequence:,}, hash {found.hash}; "
            "`lifecycle asof` gives the same on the command line.",
            icon="history",
        )


def _portfolio(told: "Portfolio", *, at: datetime) -> None:
    live = sum(version.live for version in told.versions)
    waiting = wording.counted(len(told.open_requests), "request")
    known = wording.counted(len(told.versions), "version")
    st.markdown(f"**{words.moment(at)}: {live} of {known} live, {waiting} open.**")
    for policy in told.policies:
        widgets.note(
            f"Policy {policy.name} {policy.version} was in force since {words.day(policy.at)}, "
            f"published by {policy.by}",
            icon="gavel",
        )
    if not told.versions:
        widgets.empty("Nothing was registered by then", hint="Choose a later date above.")
        return
    versions = sorted(told.versions, key=lambda v: (not v.live, v.version_id))
    rows = [_row(version) for version in versions]
    row = widgets.table(rows, name="as_of", alt="Versions as they stood", select=True)
    widgets.note("Select a row to see who approved it and on what.")
    if row is not None:
        _version(versions[row])


def _row(version: "Then") -> "dict[str, Any]":
    asked = version.request
    return {
        "version": version.version_id,
        "live": "yes" if version.live else "no",
        "stage": version.stage.value,
        "since (UTC)": version.since,
        "approved by": ", ".join(asked.approved_by) if asked else "",
        "standing": version.standing,
        "until (UTC)": version.expires_at,
        "request": asked.id if asked else "",
        "policy": asked.policy if asked else "",
        "evidence": len(asked.evidence) if asked else len(version.evidence),
        "stood on": ", ".join(asked.evidence) if asked else "",
    }


def _version(version: "Then") -> None:
    st.subheader(f"{version.version_id}: {version.stage} since {words.day(version.since)}")
    if version.request is None:
        st.markdown(f"No request brought it there; {version.moved_by} moved it.")
    else:
        _request(version.request)
    proofs = [
        {
            "evidence": found.id,
            "purpose": found.purpose,
            "state": found.state,
            "made by": found.by,
            "made (UTC)": found.at,
            "sha256": found.sha256,
        }
        for found in version.evidence
    ]
    if proofs:
        widgets.table(proofs, name="as_of_evidence", alt="Evidence there was by then")
    pack_button(*version.version_id.split("/", 1))


def _request(asked: "Asked") -> None:
    st.markdown(
        f"**{asked.id}** by {asked.by} on {words.moment(asked.at)}: "
        f"{words.said(asked.reason)}  \nPolicy {words.said(asked.policy)}, "
        f"sha256 `{asked.policy_sha256}`  \nBundle `{asked.bundle}`"
    )
    votes = [
        {"by": v.by, "vote": v.vote, "when (UTC)": v.at, "reason": v.reason} for v in asked.votes
    ]
    widgets.table(votes, name="as_of_votes", alt="Votes on the request")
    widgets.link("approvals", label=f"Open {asked.id}", icon="approval", request=asked.id)


def pack_button(model: str, version: str) -> None:
    """Offer everything about a version's approval as one archive that others verify."""
    # Asked here: the file is made later, where there is no page and so no cookie.
    workspace, actor = session.workspace(), session.actor()

    def build() -> bytes:
        at = session.now()
        file = workspace.tmp / f"pack-{at:%Y%m%dT%H%M%S%f}.zip"
        evidence_pack.pack(workspace, model, version, file, by=actor, at=at)
        try:
            return file.read_bytes()
        finally:
            file.unlink()

    st.download_button(
        "Evidence pack (zip)",
        data=build,
        file_name=f"{model}-{version}-evidence.zip",
        mime="application/zip",
        key="pack",
        icon=":material/folder_zip:",
        on_click="ignore",
        help="As of now; `python verify.py` inside checks it without this product",
    )
