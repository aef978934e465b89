"""How an administrator looks after accounts; the lower half of the People page."""

from typing import TYPE_CHECKING

import streamlit as st

from app import session, widgets
from lifecycle.domain.actor import Role
from lifecycle.services import access

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lifecycle.domain.actor import Actor
    from lifecycle.domain.person import Person


def show(everybody: "Sequence[Person]") -> None:
    """List the accounts and what they may do."""
    rows = [
        {
            "name": person.name,
            "display": person.display,
            "roles": ", ".join(sorted(person.roles)),
            "account": "open" if person.active else "closed",
            "password": "set" if person.has_password else "not set",
            "since (UTC)": person.created_at,
        }
        for person in everybody
    ]
    widgets.table(rows, name="people", alt="Accounts and their roles")


def add(by: "Actor") -> None:
    """Open an account and show its one-time sign-in link."""
    with st.form("account"):
        name = st.text_input(
            "Account name", max_chars=64, placeholder="rita.reviewer", key="new_name"
        )
        display = st.text_input(
            "Name on screen", max_chars=100, placeholder="Rita Reviewer", key="new_display"
        )
        roles = st.multiselect("Roles", [role.value for role in Role], key="new_roles")
        if st.form_submit_button("Open an account and invite", type="primary", key="add_person"):
            with widgets.refusals():
                access.add_person(
                    session.workspace(),
                    name.strip(),
                    display=display,
                    roles=[Role(role) for role in roles if role in set(Role)],
                    by=by,
                    at=session.now(),
                )
                _invitation(name.strip(), by=by)


def change(everybody: "Sequence[Person]", by: "Actor") -> None:
    """Change the roles of an account, invite its person again, close it or open it."""
    known = {person.name: person for person in everybody}
    name = st.selectbox("Account", list(known), key="person", bind="query-params")
    person = known.get(str(name), next(iter(known.values())))
    held = sorted(role.value for role in person.roles)
    roles = st.multiselect(
        "Roles", [role.value for role in Role], default=held, key=f"roles_{person.name}"
    )
    workspace, at = session.workspace(), session.now()
    with st.container(horizontal=True), widgets.refusals():
        if st.button("Save roles", key="save_roles", disabled=sorted(roles) == held):
            chosen = [Role(role) for role in roles if role in set(Role)]
            access.set_roles(workspace, person.name, roles=chosen, by=by, at=at)
            widgets.finish(f"{person.name} is now {', '.join(sorted(roles))}.")
        if person.active and st.button("New sign-in link", key="invite"):
            _invitation(person.name, by=by)
        if person.active and st.button("Close the account", key="close"):
            access.deactivate(workspace, person.name, by=by, at=at)
            widgets.finish(f"The account {person.name} is closed; its sessions and tokens ended.")
        if not person.active and st.button("Open the account again", key="reopen"):
            access.reactivate(workspace, person.name, by=by, at=at)
            widgets.finish(f"The account {person.name} is open again.")


def _invitation(name: str, *, by: "Actor") -> None:
    secret = access.invite(session.workspace(), name, by=by, at=session.now())
    st.success(
        f"Give {name} this link. It works once, for a day, and is shown only now.",
        icon=":material/mail:",
    )
    st.code(f"{session.address()}/auth/link?secret={secret}", language=None, wrap_lines=True)
