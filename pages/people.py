"""People and tokens: who may do what, and through which doors."""

import streamlit as st

from app import accounts, session, widgets, words
from lifecycle.charts import wording
from lifecycle.domain.actor import GRANTS, SCOPED, SENTENCES, Permission, Scope
from lifecycle.domain.reach import EVERYWHERE
from lifecycle.services import access
from lifecycle.store import people, sessions, tokens

widgets.header("People and tokens", question="Who may do what, and through which doors?")

# Query: whoever looks, and their tokens.
actor = session.actor()
workspace, con = session.workspace(), session.cursor()
at = session.now()

# Draw: what I may do.
st.subheader("You")
may = ", ".join(SENTENCES[permission] for permission in Permission if actor.may(permission))
st.markdown(
    f"**{actor.name}**, {', '.join(sorted(actor.roles)).replace('_', ' ') or 'no role'}. "
    f"You may {may or 'do nothing here'}."
)
if actor.reach != EVERYWHERE:
    widgets.note(f"What you may change or decide is limited to {actor.reach}.", icon="my_location")
open_ones = sessions.of_person(con, actor.name, at=at)
if open_ones:
    last = max(one.expires_at for one in open_ones)
    count = wording.counted(len(open_ones), "session")
    widgets.note(f"You have {count}; the last ends on {words.moment(last)}.", icon="devices")
    if st.button("Sign out everywhere", key="sign_out_everywhere", icon=":material/logout:"):
        access.sign_out_everywhere(workspace, actor.name, by=actor, at=at)
        st.rerun()
if actor.via not in {"sample", "oidc"}:
    change = words.way_out("Change your password", "/auth/password")
    st.markdown(change, unsafe_allow_html=True)

# Act: tokens for programs. The form comes first, so that the list below is already the new one.
st.subheader("Your tokens")
scopes = [scope.value for scope in Scope if SCOPED[scope] & actor.permissions]
with st.expander("Make a token", icon=":material/key:"), st.form("add_token"):
    label = st.text_input("What it is for", max_chars=100, key="label")
    wanted = st.multiselect("What it may do, within your roles", scopes, key="scopes")
    days = st.number_input("Days until it expires", 1, 365, 90, key="days")
    if st.form_submit_button("Make it", type="primary", key="make_token"):
        with widgets.refusals():
            secret, made = access.add_token(
                workspace,
                label=label,
                scopes=[Scope(scope) for scope in wanted if scope in scopes],
                days=int(days),
                by=actor,
                at=at,
            )
            st.success(f"Copy {made.id} now; it is shown this once.", icon=":material/key:")
            st.code(secret, language=None, wrap_lines=True)
            widgets.note("Send it as `Authorization: Bearer …`, or set LIFECYCLE_TOKEN.")

mine = tokens.every(con, person=actor.name)
if mine:
    rows = [
        {
            "token": token.id,
            "for": token.label,
            "scopes": ", ".join(sorted(token.scopes)),
            "state": "revoked"
            if token.revoked_at
            else "expired"
            if at >= token.expires_at
            else "live",
            "expires": words.day(token.expires_at),
            "last used": words.moment(token.last_used_at),
        }
        for token in mine
    ]
    widgets.table(rows, name="tokens", alt="Your tokens")
    live = [token.id for token in mine if token.revoked_at is None and at < token.expires_at]
    if live:
        with st.container(horizontal=True, vertical_alignment="bottom"), widgets.refusals():
            gone = st.selectbox("Token to revoke", live, key="revoke_id")
            if st.button("Revoke", key="revoke", icon=":material/block:"):
                access.revoke_token(workspace, str(gone), by=actor, at=at)
                widgets.finish(f"{gone} is revoked; programs that use it are refused from now on.")
else:
    widgets.empty("You have no token", hint="Programs need one; **Make a token** above.")

# Draw and act: accounts, for administrators; what the roles mean, for everybody.
st.subheader("Accounts")
if actor.may(Permission.ADMINISTER):
    with st.expander("Open an account", icon=":material/person_add:"):
        accounts.add(actor)
    with st.expander("Change an account", icon=":material/manage_accounts:"):
        accounts.change(people.every(con), actor)
    accounts.answers(actor)
accounts.show(people.every(con))
issuer = session.process().settings.oidc_issuer
widgets.note(
    f"People of {issuer} sign in there; their groups give the roles."
    if issuer
    else "No provider is set up; people sign in with accounts of this server.",
    icon="login",
)
with st.expander("What the roles may do"):
    widgets.table(
        [
            {
                "role": role.replace("_", " "),
                "may": ", ".join(SENTENCES[p] for p in Permission if p in granted),
            }
            for role, granted in GRANTS.items()
        ],
        name="roles",
        alt="Roles and what they may do",
    )
    widgets.note(
        "An administrator never decides: whoever makes accounts could approve through one."
    )
