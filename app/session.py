"""What a browser session has: the workspace, a cursor on it, an actor and the time."""

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import streamlit as st

from app import words
from lifecycle.errors import LifecycleError, NotSignedIn
from lifecycle.services import access

if TYPE_CHECKING:
    from collections.abc import Generator

    from lifecycle.domain.actor import Actor, Permission
    from lifecycle.services.jobs import JobRunner
    from lifecycle.settings import Settings
    from lifecycle.store.connection import Connection, Workspace

COOKIE = "lc_session"
"""The cookie that holds a sign-in's secret; the store knows its hash."""


@dataclass(slots=True)
class Process:
    """What all sessions of this process share; the server opens it and closes it."""

    workspace: "Workspace"
    settings: "Settings"
    jobs: "JobRunner | None" = None
    acting: "Actor | None" = None
    """Who everybody is, for tests that have no browser and so no cookie."""


_open: list[Process] = []


@contextmanager
def serving(process: Process) -> "Generator[Process]":
    """Make one workspace the one all pages of this process look at."""
    _open.append(process)
    try:
        yield process
    finally:
        _open.remove(process)


def process() -> Process:
    """Return what the server opened.

    Raises
    ------
    LifecycleError
        No server opened a workspace: the page was started in another way.
    """
    if not _open:
        raise LifecycleError("no workspace is open; start the pages with `lifecycle serve`")
    return _open[-1]


def workspace() -> "Workspace":
    """Return the workspace, which writes go through."""
    return process().workspace


def address(settings: "Settings | None" = None) -> str:
    """Return the address people reach this server at, without a slash at its end."""
    settings = settings or process().settings
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return (settings.public_url or f"http://{host}:{settings.port}").rstrip("/")


def cursor() -> "Connection":
    """Return a new cursor for reading; threads never share one."""
    return workspace().cursor()


def now() -> datetime:
    """Read the clock; what services and queries get as `at`."""
    return datetime.now(UTC)


def actor() -> "Actor":
    """Return who looks at this page, asking the store anew each time.

    A sign-in that ended, or an account that was closed, ends the script here with a link to
    the sign-in page, even where the websocket is still open.
    """
    try:
        return recognise()
    except NotSignedIn:
        st.title("Signed out")
        st.markdown("Your sign-in has ended. Nothing you saved is lost.")
        st.markdown(words.way_out("Sign in again", "/auth/sign-in"), unsafe_allow_html=True)
        st.stop()


def recognise() -> "Actor":
    """Return who looks at this page.

    Raises
    ------
    NotSignedIn
        There is no sign-in, or it has ended.
    """
    here = process()
    if here.acting is not None:
        return here.acting
    secret = st.context.cookies.get(COOKIE)
    found = access.actor_of_session(here.workspace, secret, at=now()) if secret else None
    if found is None:
        raise NotSignedIn("sign in to see this page")
    return found


def secret() -> str | None:
    """Return the secret of this browser's sign-in; nothing where there is no browser."""
    return None if process().acting is not None else st.context.cookies.get(COOKIE)


def may(permission: "Permission") -> bool:
    """Tell whether to offer something; the services decide for themselves."""
    return actor().may(permission)
