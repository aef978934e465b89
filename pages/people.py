"""People and tokens: who may do what, and through which doors."""

import streamlit as st

from app import accounts, own_tokens, session, widgets, words
from lifecycle.charts import wording
from lifecycle.domain.actor import GRANTS, SENTENCES, Permission
from lifecycle.domain.reach import EVERYWHERE
from lifecycle.services import access
from lifecycle.store import people, sessions

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

# Act: tokens for programs.
st.subheader("Your tokens")
own_tokens.make(actor, at=at)
own_tokens.show(actor, at=at)

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
