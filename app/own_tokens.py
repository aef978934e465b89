"""The tokens somebody's programs sign in with: made here, shown once, and revoked."""

from typing import TYPE_CHECKING

import streamlit as st

from app import session, widgets, words
from lifecycle.domain.actor import SCOPED, Scope
from lifecycle.services import access
from lifecycle.store import tokens

if TYPE_CHECKING:
    from datetime import datetime

    from lifecycle.domain.actor import Actor
    from lifecycle.domain.person import Token


def make(actor: "Actor", *, at: "datetime") -> None:
    """Let somebody make a token within their roles."""
    scopes = [scope.value for scope in Scope if SCOPED[scope] & actor.permissions]
    with st.expander("Make a token", icon=":material/key:"), st.form("add_token"):
        label = st.text_input("What it is for", max_chars=100, key=widgets.field("label"))
        asked = "What it may do, within your roles"
        wanted = st.multiselect(asked, scopes, key=widgets.field("scopes"))
        days = st.number_input("Days until it expires", 1, 365, 90, key="days")
        if st.form_submit_button("Make it", type="primary", key="make_token"):
            with widgets.refusals():
                secret, made = access.add_token(
                    session.workspace(),
                    label=label,
                    scopes=[Scope(scope) for scope in wanted if scope in scopes],
                    days=int(days),
                    by=actor,
                    at=at,
                )
                said = (
                    f"Copy {made.id} now; it is shown this once. Send it as "
                    "`Authorization: Bearer …`, or set LIFECYCLE_TOKEN."
                )
                widgets.finish(said, empty=["label", "scopes"], once=secret)


def show(actor: "Actor", *, at: "datetime") -> None:
    """List somebody's own tokens, and let them revoke one that lives."""
    mine = tokens.every(session.cursor(), person=actor.name)
    if not mine:
        widgets.empty("You have no token", hint="Programs need one; **Make a token** above.")
        return
    widgets.table([_row(token, at=at) for token in mine], name="tokens", alt="Your tokens")
    live = [token.id for token in mine if _state(token, at=at) == "live"]
    if live:
        with st.container(horizontal=True, vertical_alignment="bottom"), widgets.refusals():
            gone = st.selectbox("Token to revoke", live, key="revoke_id")
            if st.button("Revoke", key="revoke", icon=":material/block:"):
                access.revoke_token(session.workspace(), str(gone), by=actor, at=at)
                widgets.finish(f"{gone} is revoked; programs that use it are refused from now on.")


def _row(token: "Token", *, at: "datetime") -> dict[str, str]:
    return {
        "token": token.id,
        "for": token.label,
        "scopes": ", ".join(sorted(token.scopes)),
        "state": _state(token, at=at),
        "expires": words.day(token.expires_at),
        "last used": words.moment(token.last_used_at),
    }


def _state(token: "Token", *, at: "datetime") -> str:
    if token.revoked_at:
        return "revoked"
    return "expired" if at >= token.expires_at else "live"
