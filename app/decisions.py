"""How gates and requests are shown wherever somebody has to understand or decide one."""

from typing import TYPE_CHECKING

import streamlit as st

from app import session, widgets, words
from lifecycle.domain.actor import Permission
from lifecycle.domain.approval import Status, Vote
from lifecycle.domain.rules import Outcome
from lifecycle.errors import LifecycleError
from lifecycle.services import approvals
from lifecycle.store import evidence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from lifecycle.domain.actor import Actor
    from lifecycle.domain.approval import Request
    from lifecycle.domain.rules import GateReport, Result
    from lifecycle.store.connection import Connection

VOTES = {
    Vote.APPROVE: "Approve",
    Vote.REJECT: "Reject",
    Vote.RETURN: "Return for more work",
    Vote.ABSTAIN: "Abstain",
    Vote.RECUSE: "Recuse myself",
}


def ask_again(actor: "Actor", *, key: str) -> approvals.Proof:
    """Ask again who signs: the password, or a sign-in that is only minutes old at the provider."""
    if actor.via == "sample":
        return approvals.Proof()
    hint = "Not needed within five minutes of a sign-in at your organisation's provider."
    given = st.text_input(
        "Your password, to sign",
        type="password",
        key=key,
        help=hint if actor.via == "oidc" else None,
    )
    return approvals.Proof(given, session.secret())


def why_not(asked: "Request", actor: "Actor") -> str:
    """Say why somebody cannot vote; empty when they can. The service has the last word."""
    if asked.status is not Status.OPEN:
        return f"This request is {asked.status}."
    if actor.name == asked.requested_by:
        return "You asked for this yourself, so a second person must decide."
    if actor.name in asked.barred:
        return "You developed this version or produced its evidence, so somebody else must decide."
    if not actor.may(Permission.DECIDE):
        return "Your roles do not include deciding; somebody with the role approver does."
    if any(decision.by == actor.name for decision in asked.decisions):
        return "You have voted; the request waits for somebody else."
    return ""


def queue(known: "Iterable[Request]", actor: "Actor", *, to_open: "Callable[[str], None]") -> None:
    """Show what waits for this person, what waits for others, and what is closed."""
    every = list(known)
    waiting = [asked for asked in every if asked.status is Status.OPEN]
    mine = [asked for asked in waiting if not why_not(asked, actor)]
    others = [asked for asked in waiting if asked not in mine]
    st.subheader(f"Waiting for you ({len(mine)})")
    for asked in mine:
        _card(asked, to_open=to_open, label="Review and decide")
    if not mine:
        st.markdown("Nothing waits for your vote.")
    st.subheader(f"Waiting for others ({len(others)})")
    for asked in others:
        _card(asked, to_open=to_open, label="Look at it")
    if not others:
        st.markdown("Nothing waits for anybody else.")
    closed = [_row(asked) for asked in every if asked.status is not Status.OPEN]
    if closed:
        st.subheader("Closed")
        row = widgets.table(closed, name="requests", alt="Requests that are closed", select=True)
        if row is not None:
            identifier = closed[row]["request"]
            st.button(f"Open {identifier}", on_click=to_open, args=(identifier,), key="reopen")


def stands_on(con: "Connection", asked: "Request") -> None:
    """Show what a request was pinned to when it was submitted, with the hashes."""
    st.markdown(
        f"Policy **{asked.policy}**, sha256 `{asked.policy_sha256}`  \nBundle `{asked.bundle}`"
    )
    rows: list[dict[str, object]] = []
    for identifier in asked.evidence:
        try:
            found = evidence.get(con, identifier)
        except LifecycleError as error:
            widgets.problem(error, kept="The request cannot be approved on it.")
            continue
        row: dict[str, object] = {
            "evidence": found.id,
            "purpose": found.purpose.value,
            "state": words.cell(found.state),
            "snapshot": found.snapshot_id,
            "made by": found.created_by,
            "made (UTC)": found.created_at,
            "sha256": found.sha256,
        }
        rows.append(row)
    if rows:
        widgets.table(rows, name=f"{asked.id}_evidence", alt="Evidence the request stands on")
    elif not asked.evidence:
        st.markdown("No evidence was there when it was submitted.")


def _card(asked: "Request", *, to_open: "Callable[[str], None]", label: str) -> None:
    with st.container(border=True):
        st.markdown(f"**{asked.id}**: `{asked.version_id}` from {asked.before} to **{asked.to}**")
        widgets.note(
            f"asked by {asked.requested_by} on {words.moment(asked.requested_at)}, "
            f"{asked.approvals} of {asked.quorum} approvals",
            icon="schedule",
        )
        st.button(label, key=f"open_{asked.id}", on_click=to_open, args=(asked.id,))


def _row(asked: "Request") -> "dict[str, Any]":
    return {
        "request": asked.id,
        "version": asked.version_id,
        "from": asked.before.value,
        "to": asked.to.value,
        "status": asked.status.value,
        "requested by": asked.requested_by,
        "requested (UTC)": asked.requested_at,
        "voted": ", ".join(f"{d.by} ({d.vote})" for d in asked.decisions),
    }


def gate(report: "GateReport", *, name: str) -> None:
    """Show a gate rule by rule: what was found, against which limit, what would change it."""
    failing = len(report.failing)
    count = len(report.results)
    verb = "stands" if failing == 1 else "stand"
    said = f"{failing} of {count} rules {verb} in the way" if failing else f"All {count} rules pass"
    widgets.badge(report.outcome, said)
    with st.container(border=True):
        for result in report.results:
            _rule(result)
    rows = [
        {
            "rule": result.rule,
            "blocking": result.blocking,
            "outcome": result.verdict.outcome.value,
            "finding": result.verdict.sentence,
            "value": result.verdict.value,
            "interval": str(result.verdict.interval or ""),
            "limit": result.verdict.limit,
            "n": result.verdict.n,
            "evidence": result.verdict.evidence,
            "remedy": result.verdict.remedy,
        }
        for result in report.results
    ]
    widgets.export_csv(rows, name=name)


def _rule(result: "Result") -> None:
    verdict = result.verdict
    weight = "" if result.blocking else " (advice, does not block)"
    line = f"{words.badge(verdict.outcome)} **{result.rule}**{weight}: {verdict.sentence}"
    facts: list[str] = []
    if verdict.value is not None:
        low_high = verdict.interval and f" ({words.interval(verdict.interval)})"
        facts.append(f"value {words.number(verdict.value)}{low_high or ''}")
    if verdict.limit is not None:
        facts.append(f"limit {words.number(verdict.limit)}")
    if verdict.n is not None:
        facts.append(f"n {verdict.n:,}")
    if verdict.evidence:
        facts.append(f"evidence `{verdict.evidence}`")
    if result.rationale:
        facts.append(f"why it is asked: {result.rationale}")
    if verdict.outcome is not Outcome.PASS and verdict.remedy:
        facts.append(f"**what would change it: {verdict.remedy}**")
    st.markdown(line + (f"  \n:small[{'; '.join(facts)}]" if facts else ""))
