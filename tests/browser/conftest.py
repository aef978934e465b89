"""A real server, a real Chromium: the fixtures every browser test stands on."""

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.app import tiny_workspace

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
ROOT = Path(__file__).parents[2]
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START = "import sys; from lifecycle.cli import main; sys.exit(main())"
PATIENCE = 30_000
"""Milliseconds; a loaded machine takes its time for the first Plotly page."""


def pytest_collection_modifyitems(items):
    absent = pytest.mark.skip(reason=f"browser tests need Chromium at {CHROMIUM}")
    for item in items:
        if Path(item.fspath).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)
            if not CHROMIUM.exists():
                item.add_marker(absent)


def lifecycle(*arguments):
    return [sys.executable, "-c", START, *map(str, arguments)]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(home, log):
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = lifecycle("serve", "--home", home, "--port", port)
    with log.open("w") as out:
        server = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
        try:
            wait_for(url, server, log)
            yield url
        finally:
            server.terminate()
            server.wait(20)


def wait_for(url, server, log):
    for _ in range(600):
        try:
            with urlopen(f"{url}/readyz", timeout=2):  # noqa: S310 -- our own server
                return
        except (URLError, TimeoutError, ConnectionError):
            assert server.poll() is None, f"the server ended: {log.read_text()}"
            time.sleep(0.1)
    raise AssertionError(f"the server did not start: {log.read_text()}")


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def portfolio(tmp_path_factory):
    """Return the address of a server over the sample portfolio; its pages are only looked at."""
    folder = tmp_path_factory.mktemp("portfolio")
    subprocess.run(lifecycle("demo", "--home", folder / "workspace"), cwd=ROOT, check=True)
    with serving(folder / "workspace", folder / "server.log") as url:
        yield url


@pytest.fixture(scope="session")
def tiny_server(tmp_path_factory):
    """Return the address of a server over a small workspace; nothing is decided in it."""
    folder = tmp_path_factory.mktemp("tiny")
    tiny_workspace.build(folder / "workspace").workspace.close()
    with serving(folder / "workspace", folder / "server.log") as url:
        yield url


class Visitor:
    """Somebody at a browser of their own, and everything that browser asked for."""

    def __init__(self, browser, url, **context):
        self.url = url
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | context)
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.errors: list[str] = []
        self.foreign: list[str] = []
        self.page.on("console", lambda m: m.type == "error" and self.errors.append(m.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.context.on("request", self._note)

    def _note(self, request):
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.foreign.append(request.url)

    def sign_in(self, name, path="/"):
        self.page.goto(self.url + path)
        self.page.locator(f"button[value={name}]").click()
        self.ready()
        return self

    def goto(self, path):
        self.page.goto(self.url + path)
        self.ready()

    def ready(self):
        self.page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
        # Not wait_for_function: its polling needs eval, which the policy forbids.
        expect(self.page.locator('[data-stale="true"]')).to_have_count(0, timeout=PATIENCE)

    def sees(self, text):
        self.page.get_by_text(text).first.wait_for()


@pytest.fixture
def visit(browser):
    """Return a function that opens a new browser on a server."""
    visitors = []

    def arrive(url, **context):
        visitors.append(Visitor(browser, url, **context))
        return visitors[-1]

    yield arrive
    for visitor in visitors:
        visitor.context.close()
