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
        fields = ["new_name", "new_display", "new_roles"]
        named, shown, held = (widgets.field(key) for key in fields)
        name = st.text_input("Account name", max_chars=64, placeholder="rita.reviewer", key=named)
        display = st.text_input(
            "Name on screen", max_chars=100, placeholder="Rita Reviewer", key=shown
        )
        roles = st.multiselect("Roles", [role.value for role in Role], key=held)
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
                _invitation(name.strip(), by=by, empty=[*fields, *_reach_fields("new")])


def change(everybody: "Sequence[Person]", by: "Actor") -> None:
    """Change what an account may do, invite its person again, close it, open it or erase it."""
    known = {person.name: person for person in everybody}
    name = st.selectbox("Account", list(known), key="person", bind="query-params")
    person = known.get(str(name), next(iter(known.values())))
    held = sorted(role.value for role in person.roles)
    roles = st.multiselect(
        "Roles",
        [role.value for role in Role],
        default=held,
        key=widgets.field(f"roles_{person.name}"),
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
            said = f"{waits.id} waits for a second administrator." if waits else done
            fields = [f"roles_{person.name}", *_reach_fields(person.name)]
            widgets.finish(said, empty=fields)
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


def _reach(name: str, now: "Reach") -> "Callable[[], Reach]":
    """Ask for units and tiers; reading the answer is left to whoever may refuse it."""
    left, right = st.columns(2)
    key_of_units, key_of_tiers = (widgets.field(key) for key in _reach_fields(name))
    units = left.text_input(
        "Business units, separated by commas",
        value=", ".join(sorted(now.units)),
        placeholder="all units",
        key=key_of_units,
    )
    tiers = right.multiselect(
        "Risk tiers",
        [tier.value for tier in Tier],
        default=sorted(tier.value for tier in now.tiers),
        placeholder="all tiers",
        key=key_of_tiers,
    )
    return lambda: access.some_reach(units=units.split(","), tiers=tiers)


def _reach_fields(name: str) -> "tuple[str, str]":
    return f"units_{name}", f"tiers_{name}"


def _erase(person: "Person", *, by: "Actor") -> None:
    with st.form("erase"):
        reason = st.text_input(
            "Why this name is erased", max_chars=500, key=widgets.field("erase_reason")
        )
        pressed = st.form_submit_button("Erase the name for ever", key="erase")
        if pressed:
            with widgets.refusals():
                workspace, at = session.workspace(), session.now()
                erasure.erase(workspace, person.name, reason=reason, by=by, at=at)
                said = f"The name of {person.name} is erased; the account name stays."
                widgets.finish(said, empty=["erase_reason"])


def _invitation(name: str, *, by: "Actor", empty: "Sequence[str]" = ()) -> None:
    secret = access.invite(session.workspace(), name, by=by, at=session.now())
    said = f"Give {name} this link. It works once, for a day, and is shown only now."
    if empty and (waits := waiting_for(name)):
        said += f" The account is a viewer's until a second administrator agrees to {waits.id}."
    widgets.finish(said, empty=empty, once=f"{session.address()}/auth/link?secret={secret}")
