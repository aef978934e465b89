"""The API as one ASGI application: routes, doors and problem details put together."""

from fastapi import FastAPI, Security
from fastapi.security import HTTPBearer
from starlette.types import ASGIApp

from lifecycle import __version__
from lifecycle.api import (
    administration,
    alerts,
    assurance,
    data,
    decisions,
    explanations,
    following,
    incidents,
    mitigations,
    monitoring,
    plans,
    policies,
    problems,
    registry,
    reports,
    retention,
    trail,
    work,
)
from lifecycle.api.door import Recognise
from lifecycle.api.repeats import AnswerOnce
from lifecycle.services.jobs import JobRunner
from lifecycle.settings import Settings
from lifecycle.store.connection import Workspace

DESCRIPTION = """\
Everything the pages and the command line do, for programs.

Send a token as `Authorization: Bearer lc_…`. Errors are problem details (RFC 9457). A write with
an `Idempotency-Key` is carried out once, however often it is sent.
"""


def create(workspace: Workspace, *, settings: Settings, jobs: JobRunner | None = None) -> ASGIApp:
    """Return the API of one workspace.

    Parameters
    ----------
    jobs
        Who runs long work; without one, long work is done before the answer is given.
    """
    api = FastAPI(
        title="Lifecycle",
        version=__version__,
        description=DESCRIPTION,
        openapi_url="/openapi.json",
        # Both pages would load scripts from elsewhere; the document itself is enough.
        docs_url=None,
        redoc_url=None,
        servers=[{"url": "/api/v1"}],
        # `Recognise` has looked at the token before; this only describes it.
        dependencies=[Security(HTTPBearer(auto_error=False))],
    )
    api.state.workspace = workspace
    api.state.settings = settings
    api.state.jobs = jobs
    for module in (
        registry,
        data,
        monitoring,
        alerts,
        incidents,
        assurance,
        plans,
        work,
        decisions,
        explanations,
        mitigations,
        following,
        policies,
        trail,
        reports,
        retention,
        administration,
    ):
        api.include_router(module.router)
    problems.install(api)
    return Recognise(AnswerOnce(api, workspace=workspace), workspace=workspace)
