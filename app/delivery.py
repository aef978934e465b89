"""The channels messages leave through, and the log of what left."""

from typing import TYPE_CHECKING

import streamlit as st

from app import session, widgets, words
from lifecycle.domain.actor import Permission
from lifecycle.domain.alert import Severity, severity_of
from lifecycle.domain.delivery import ChannelKind, DeliveryState
from lifecycle.services import alerting
from lifecycle.services.alerting import channels
from lifecycle.store import deliveries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lifecycle.domain.actor import Actor
    from lifecycle.domain.delivery import Channel
    from lifecycle.store.connection import Connection

KINDS = {
    ChannelKind.APPRISE: "Mail, chat and others (Apprise)",
    ChannelKind.WEBHOOK: "Webhook, signed",
    ChannelKind.FILE: "File in the workspace",
}


def doors(con: "Connection", actor: "Actor", *, at: "datetime") -> None:
    """Show the channels, and let an administrator set them up."""
    known = deliveries.channels(con)
    st.subheader("Channels")
    if not known:
        hint = "An administrator adds one here or with `lifecycle channel add`."
        widgets.empty("No channel, so no message leaves this machine", hint=hint)
    rows = [
        {
            "channel": one.name,
            "kind": KINDS[one.kind],
            "leads to": one.hint,
            "hears of": f"{one.least.word} and graver",
            "on": one.active,
            "set up by": one.created_by,
            "set up (UTC)": one.created_at,
        }
        for one in known
    ]
    if rows:
        widgets.table(rows, name="channels", alt="Channels")
    if actor.may(Permission.ADMINISTER):
        if known:
            _switch(known, actor, at=at)
        _add(actor, at=at)
    else:
        widgets.note("Administrators set channels up.", icon="lock")


def _switch(known: "Sequence[Channel]", actor: "Actor", *, at: "datetime") -> None:
    ws, by_name = session.workspace(), {one.name: one for one in known}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = str(st.selectbox("Channel", list(by_name), key="channel", width=200))
        active = by_name[name].active
        if st.button("Try it out", key="try_channel", disabled=not active):
            with widgets.refusals():
                queued = channels.try_out(ws, name, by=actor, at=at)
                widgets.finish(f"{queued.id} is on its way through {name}.")
        if st.button("Switch off" if active else "Switch on", key="switch_channel"):
            with widgets.refusals():
                channels.switch(ws, name, active=not active, by=actor, at=at)
                widgets.finish(f"{name} is {'off' if active else 'on'}.")
        if st.button("Remove", key="remove_channel"):
            with widgets.refusals():
                channels.remove(ws, name, by=actor, at=at)
                widgets.finish(f"{name} and its address are forgotten.")


def _add(actor: "Actor", *, at: "datetime") -> None:
    with (
        st.expander("Add a channel", icon=":material/add:"),
        st.form("add_channel", border=False, clear_on_submit=True),
    ):
        name = st.text_input("Name", max_chars=40, help="Small letters, digits and hyphens")
        kind = st.selectbox("Kind", list(KINDS), format_func=KINDS.__getitem__)
        address = st.text_input(
            "Address",
            type="password",
            help="Such as mailtos://user:password@example.org or https://hooks.example.org/in; "
            "it is encrypted and never shown again. A file needs none.",
        )
        least = st.selectbox("Hears of", [s.word for s in Severity], help="And of what is graver")
        if st.form_submit_button("Add", type="primary"):
            with widgets.refusals():
                _, secret = channels.add(
                    session.workspace(),
                    name,
                    kind=ChannelKind(kind),
                    address=address.strip(),
                    least=severity_of(least),
                    by=actor,
                    at=at,
                )
                once = " The secret of its signatures is shown this once." if secret else ""
                widgets.finish(f"{name} is set up.{once}", once=secret)


def log(con: "Connection", actor: "Actor", *, at: "datetime") -> None:
    """Show what was sent, what waits and what was given up."""
    st.subheader("Messages")
    found = deliveries.every(con)
    if not found:
        st.markdown("Nothing was sent yet.")
        return
    dead = [one for one in found if one.state is DeliveryState.DEAD]
    if dead:
        st.warning(f"{len(dead)} could not be delivered and were given up.")
    rows = [
        {
            "message": one.id,
            "about": one.message.subject.partition(":")[2],
            "what": one.message.topic,
            "channel": one.channel,
            "state": words.cell(one.state),
            "attempts": one.attempts,
            "said": one.detail,
            "queued (UTC)": one.created_at,
            "sent (UTC)": one.sent_at,
        }
        for one in found
    ]
    row = widgets.table(rows, name="messages", alt="Messages, newest first", select=True)
    if row is None:
        return
    chosen = found[row]
    st.markdown(f"**{words.said(chosen.message.title)}**")
    st.code(chosen.message.text, language=None)
    tries = [
        {"attempt": t.number, "at (UTC)": t.at, "arrived": t.ok, "said": t.detail}
        for t in deliveries.attempts(con, chosen.id)
    ]
    if tries:
        widgets.table(tries, name=f"{chosen.id}_tries", alt="Attempts to deliver the message")
    again = chosen.state is DeliveryState.DEAD and actor.may(Permission.HANDLE)
    if again and st.button("Send it again", key=f"again_{chosen.id}"):
        with widgets.refusals():
            alerting.send_again(session.workspace(), chosen.id, by=actor, at=at)
            widgets.finish(f"{chosen.id} is on its way again.")
