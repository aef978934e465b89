import shutil
import warnings
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocketDisconnect
from streamlit.testing.v1 import AppTest

from app import server, session
from app.observe import Observed
from lifecycle.settings import Settings
from lifecycle.store.connection import Workspace
from tests.app import tiny_workspace

with warnings.catch_warnings():
    # It asks for httpx's successor, which nothing else here needs; httpx serves it as well.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

ROOT = Path(server.__file__).parent.parent
LOCAL = "http://127.0.0.1:8501"


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    home = tmp_path_factory.mktemp("tiny") / "workspace"
    built = tiny_workspace.build(home)
    built.workspace.close()
    return built


@pytest.fixture
def tiny(template, tmp_path):
    home = shutil.copytree(template.workspace.home, tmp_path / "workspace")
    with closing(Workspace.open(home)) as workspace:
        yield replace(template, workspace=workspace)


@pytest.fixture
def process(tiny):
    return session.Process(tiny.workspace, Settings(home=tiny.workspace.home))


@pytest.fixture
def served(process):
    """Return a function that serves the real routes and middleware around a plain page."""

    async def page(request):
        return PlainTextResponse("the page")

    async def stream(websocket):
        await websocket.accept()
        with suppress(WebSocketDisconnect):
            await websocket.send_text(await websocket.receive_text())
            await websocket.close()

    def start(*, base=LOCAL, client="127.0.0.1", **settings):
        running = replace(process, settings=replace(process.settings, **settings))
        observed = Observed(running)
        app = Starlette(
            routes=[
                *server.routes(running, observed),
                WebSocketRoute("/_stcore/stream", stream),
                Route("/{rest:path}", page, methods=["GET", "POST"]),
            ],
            middleware=server.middleware(running, observed),
        )
        return TestClient(app, base_url=base, client=(client, 50_000), follow_redirects=False)

    return start


@pytest.fixture
def look(process):
    """Return a function that opens a page as one of the people, with address parameters."""
    with ExitStack() as opened:

        def open_page(page, *, who="rita", **params):
            acting = tiny_workspace.person(who)
            opened.enter_context(session.serving(replace(process, acting=acting)))
            shown = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=20)
            for name, value in params.items():
                shown.query_params[name] = value
            shown.run()
            if page != "overview":
                shown.switch_page(f"../pages/{page}.py")
                shown.run()
            assert not shown.exception
            return shown

        yield open_page
