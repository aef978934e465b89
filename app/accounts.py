"""How an administrator looks after accounts; the lower half of the People page."""

from typing import TYPE_CHECKING

import streamlit as st

from app import session, widgets, words
from lifecycle.charts import wording
from lifecycle.domain.actor import Role
from lifecycle.domain.person import Answer, kept_from_answering
from lifecycle.domain.reach import EVERYWHERE
from lifecycle.domain.usecase import Tier
from lifecycle.services import access, erasure
from lifecycle.store import people, role_changes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lifecycle.domain.actor import Actor
    from lifecycle.domain.person import Person, RoleChange
    from lifecycle.domain.reach import Reach


def show(everybody: "Sequence[Person]") -> None:
    """List the accounts, what they may do and where."""
    provided = people.with_identity(session.cursor())
    rows = [
        {
            "name": person.name,
            "display": person.display,
            "roles": ", ".join(sorted(person.roles)),
            "reach": str(person.reach),
            "account": "open" if person.active else "closed",
            "signs in by": ways(person, provided=person.name in provided),
            "since (UTC)": person.created_at,
        }
        for person in everybody
    ]
    widgets.table(rows, name="people", alt="Accounts and their roles")


def ways(person: "Person", *, provided: bool) -> str:
    """Say how somebody can sign in."""
    if provided:
        return "organisation's provider"
    return "password" if person.has_password else "no way yet"


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
        reach = _reach("new", EVERYWHERE)
        if st.form_submit_button("Open an account and invite", type="primary", key="add_person"):
            with widgets.refusals():
                access.add_person(
                    session.workspace(),
                    name.strip(),
                    display=display,
                    roles=[Role(role) for role in roles if role in set(Role)],
                    reach=reach(),
                    by=by,
                    at=session.now(),
                )
                _waits(name.strip())
                _invitation(name.strip(), by=by)


def change(everybody: "Sequence[Person]", by: "Actor") -> None:
    """Change what an account may do, invite its person again, close it, open it or erase it."""
    known = {person.name: person for person in everybody}
    name = st.selectbox("Account", list(known), key="person", bind="query-params")
    person = known.get(str(name), next(iter(known.values())))
    held = sorted(role.value for role in person.roles)
    roles = st.multiselect(
        "Roles", [role.value for role in Role], default=held, key=f"roles_{person.name}"
    )
    reach = _reach(person.name, person.reach)
    workspace, at = session.workspace(), session.now()
    with st.container(horizontal=True), widgets.refusals():
        same = sorted(roles) == held and reach() == person.reach
        if st.button("Save roles", key="save_roles", disabled=same):
            chosen = [Role(role) for role in roles if role in set(Role)]
            access.set_roles(workspace, person.name, roles=chosen, reach=reach(), by=by, at=at)
            waits = waiting_for(person.name)
            done = f"{person.name} is now {', '.join(sorted(roles))}, {reach()}."
            widgets.finish(f"{waits.id} waits for a second administrator." if waits else done)
        if person.active and st.button("New sign-in link", key="invite"):
            _invitation(person.name, by=by)
        if person.active and st.button("Sign out everywhere", key="end_sessions"):
            ended = access.sign_out_everywhere(workspace, person.name, by=by, at=at)
            widgets.finish(f"{wording.counted(ended, 'session')} of {person.name} ended.")
        if person.active and st.button("Close the account", key="close"):
            access.deactivate(workspace, person.name, by=by, at=at)
            widgets.finish(f"The account {person.name} is closed; its sessions and tokens ended.")
        if not person.active and st.button("Open the account again", key="reopen"):
            access.reactivate(workspace, person.name, by=by, at=at)
            waits = waiting_for(person.name)
            more = f"; {waits.id} waits for a second administrator" if waits else ""
            widgets.finish(f"The account {person.name} is open again{more}.")
    if not person.active and person.display != erasure.ERASED:
        _erase(person, by=by)


def answers(by: "Actor") -> None:
    """Show the changes of roles that wait for a second administrator, and take an answer."""
    waiting = role_changes.every(session.cursor(), answer=Answer.WAITING)
    for one in waiting:
        with st.container(border=True):
            st.markdown(
                f"**{one.id}**: {one.asked_by} wants **{one.person}** to be "
                f"{', '.join(sorted(one.roles))}, {words.said(str(one.reach))}"
                + (f": {words.said(one.reason)}" * bool(one.reason))
            )
            own = by.name in kept_from_answering(one, people.get(session.cursor(), one.person))
            if own:
                widgets.note("A second administrator answers; you asked for it or gain by it.")
            with st.container(horizontal=True), widgets.refusals():
                for agree, label in ((True, "Agree"), (False, "Refuse")):
                    if st.button(label, key=f"{label}_{one.id}", disabled=own):
                        workspace, at = session.workspace(), session.now()
                        access.answer_roles(workspace, one.id, agree=agree, by=by, at=at)
                        widgets.finish(f"{one.id} is {'done' if agree else 'refused'}.")
    if not waiting:
        st.markdown("No change waits for a second administrator.")


def waiting_for(name: str) -> "RoleChange | None":
    """Return the change of somebody's roles that waits for a second administrator."""
    waiting = role_changes.every(session.cursor(), answer=Answer.WAITING)
    return next((one for one in waiting if one.person == name), None)


def _waits(name: str) -> None:
    if waits := waiting_for(name):
        st.info(
            f"The account is a viewer's until a second administrator agrees to {waits.id}.",
            icon=":material/hourglass:",
        )


def _reach(name: str, now: "Reach") -> "Callable[[], Reach]":
    """Ask for units and tiers; reading the answer is left to whoever may refuse it."""
    left, right = st.columns(2)
    units = left.text_input(
        "Business units, separated by commas",
        value=", ".join(sorted(now.units)),
        placeholder="all units",
        key=f"units_{name}",
    )
    tiers = right.multiselect(
        "Risk tiers",
        [tier.value for tier in Tier],
        default=sorted(tier.value for tier in now.tiers),
        placeholder="all tiers",
        key=f"tiers_{name}",
    )
    return lambda: access.some_reach(units=units.split(","), tiers=tiers)


def _erase(person: "Person", *, by: "Actor") -> None:
    with st.form("erase"):
        reason = st.text_input("Why this name is erased", max_chars=500, key="erase_reason")
        pressed = st.form_submit_button("Erase the name for ever", key="erase")
        if pressed:
            with widgets.refusals():
                workspace, at = session.workspace(), session.now()
                erasure.erase(workspace, person.name, reason=reason, by=by, at=at)
                widgets.finish(f"The name of {person.name} is erased; the account name stays.")


def _invitation(name: str, *, by: "Actor") -> None:
    secret = access.invite(session.workspace(), name, by=by, at=session.now())
    st.success(
        f"Give {name} this link. It works once, for a day, and is shown only now.",
        icon=":material/mail:",
    )
    st.code(f"{session.address()}/auth/link?secret={secret}", language=None, wrap_lines=True)
