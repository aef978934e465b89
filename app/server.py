"""The one process: pages, programs' interface, sign-in, health and metrics over one workspace."""

import gc
import importlib
import logging
import socket
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import Mount

from app import schedule, session, shell, widgets
from app.door import SignedInOnly
from app.observe import Counting, Observed
from app.security import Compressed, Headed, KnownHosts, host_names
from app.session import Process
from app.sign_in import SignIn
from lifecycle import api
from lifecycle.errors import Conflict, LifecycleError
from lifecycle.services import job_kinds, workspaces
from lifecycle.services.alerting import Courier
from lifecycle.services.jobs import JobRunner

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from contextlib import AbstractAsyncContextManager
    from typing import Any

    from starlette.routing import BaseRoute

    from lifecycle.settings import Settings

log = logging.getLogger(__name__)

HEAVY = ("duckdb", "pandas", "plotly.express", "plotly.graph_objects", "pyarrow.parquet")
"""Imported before the collector's view is frozen, so that no page run pays for them."""


def run(settings: "Settings") -> None:
    """Serve one workspace until the process is told to stop.

    Raises
    ------
    Conflict
        The port is taken, or another process has the workspace open.
    """
    _require_free_port(settings)
    workspace = workspaces.open(
        settings.home,
        at=session.now(),
        shown_from=settings.suppress_below,
        wait=settings.wait_seconds,
    )
    jobs = JobRunner(workspace, kinds=job_kinds.KINDS, clock=session.now, workers=settings.workers)
    try:
        with session.serving(Process(workspace, settings, jobs)) as process:
            build(process).run(config=_config(settings))
    finally:
        jobs.close()
        workspace.close()


def build(process: Process) -> st.App:
    """Put pages, routes and middleware together over an open workspace."""
    observed = Observed(process)
    programs = api.create(process.workspace, settings=process.settings, jobs=process.jobs)
    return st.App(
        Path(__file__).parent / "main.py",
        lifespan=_lifespan(process),
        routes=[*routes(process, observed), Mount("/api/v1", app=programs)],
        middleware=middleware(process, observed),
        on_script_error=_fault_page(observed),
    )


def routes(process: Process, observed: Observed) -> "list[BaseRoute]":
    """Return what is answered before Streamlit: machines' questions, sign-in, the start page."""
    return [*observed.routes(), *SignIn(process).routes(), *shell.routes()]


def middleware(process: Process, observed: Observed) -> list[Middleware]:
    """Return what every request passes, outermost first."""
    return [
        Middleware(Counting, observed=observed),
        Middleware(Headed, settings=process.settings),
        Middleware(KnownHosts, settings=process.settings),
        Middleware(SignedInOnly, process=process),
        Middleware(Compressed),
    ]


def _lifespan(process: Process) -> "Callable[[st.App], AbstractAsyncContextManager[None]]":
    @asynccontextmanager
    async def lifespan(_app: st.App) -> "AsyncGenerator[None]":
        for name in HEAVY:
            importlib.import_module(name)
        # Streamlit collects all generations after every page run; what is frozen it skips.
        gc.collect()
        gc.freeze()
        process.workspace.announce(url=session.address())
        if process.jobs is not None:
            process.jobs.start()
        with (
            Courier(process.workspace, clock=session.now, base=session.address()),
            schedule.ticking(process.workspace, retention=process.settings.retention),
        ):
            yield

    return lifespan


def _fault_page(observed: Observed) -> "Callable[[Exception], bool]":
    def answer(error: Exception) -> bool:
        """Show a refusal as its sentence, and a fault of ours by an id that finds it in the log."""
        if isinstance(error, LifecycleError) and error.exit_code != LifecycleError.exit_code:
            widgets.problem(error)
            return True
        fault = uuid4().hex[:8]
        observed.faults.inc()
        log.error("page fault %s", fault, exc_info=error)
        st.error(
            f"**A fault of ours.** This page could not be shown; nothing was changed. "
            f"The log has the details under {fault}.",
            icon=":material/report:",
        )
        return True

    return answer


def _config(settings: "Settings") -> "dict[str, Any]":
    """Return what must hold wherever the process is started; `config.toml` has the looks."""
    return {
        "server.address": settings.host,
        "server.port": settings.port,
        "server.headless": True,
        "server.fileWatcherType": "none",
        "server.allowedHosts": sorted(host_names(settings)),
        "server.enableXsrfProtection": True,
        "server.enableCORS": True,
        "server.enableStaticServing": False,
        "browser.gatherUsageStats": False,
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "runner.postScriptGC": False,
    }


def _require_free_port(settings: "Settings") -> None:
    # Streamlit would move on to the next port without a word, and the address would be wrong.
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            where = f"{settings.host}:{settings.port}"
            raise Conflict(f"cannot listen on {where} ({error.strerror}); try --port") from error
