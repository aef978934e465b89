"""How gates and requests are shown wherever somebody has to understand or decide one."""

from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

import streamlit as st

from app import session, widgets, words
from lifecycle.domain.approval import Vote
from lifecycle.domain.rules import Outcome
from lifecycle.errors import LifecycleError
from lifecycle.services import approvals
from lifecycle.store import evidence

if TYPE_CHECKING:
    from lifecycle.domain.actor import Actor
    from lifecycle.domain.approval import Request
    from lifecycle.domain.rules import GateReport, Result
    from lifecycle.store.connection import Connection

VOTES = {
    Vote.APPROVE: "Approve",
    Vote.CONDITIONAL: "Approve with conditions",
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
    if actor.via == "oidc":
        here = urlsplit(st.context.url or "").path or "/"
        back = quote(f"{here}?{urlencode(st.query_params.to_dict())}", safe="")
        way = words.way_out("Prove it again at your provider", f"/auth/oidc?again=1&next={back}")
        st.markdown(way, unsafe_allow_html=True)
        widgets.note("Do that before you write: the page opens anew and forgets what is typed in.")
    return approvals.Proof(given, session.secret())


def stands_on(con: "Connection", asked: "Request") -> None:
    """Show what a request was pinned to when it was submitted, with the hashes."""
    st.markdown(
        f"Policy **{words.said(asked.policy)}**, sha256 `{asked.policy_sha256}`  \n"
        f"Bundle `{asked.bundle}`"
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
    said = words.said(verdict.sentence)
    line = f"{words.badge(verdict.outcome)} **{words.said(result.rule)}**{weight}: {said}"
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
        facts.append(f"why it is asked: {words.said(result.rationale)}")
    if verdict.outcome is not Outcome.PASS and verdict.remedy:
        facts.append(f"**what would change it: {words.said(verdict.remedy)}**")
    st.markdown(line + (f"  \n:small[{'; '.join(facts)}]" if facts else ""))
