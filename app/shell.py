"""The page Streamlit's own scripts start from, with our name and a script of ours before theirs."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from app.widgets import PAGES

if TYPE_CHECKING:
    from starlette.requests import Request

SCRIPT = "/auth/shell.js"
STATIC = Path(__file__).parent / "static"
DARK = """
    <style>
      /* Streamlit writes white on our light blue, which nobody reads. */
      @media (prefers-color-scheme: dark) {
        button[data-testid^="stBaseButton-primary"]:not(:disabled),
        button[data-testid^="stBaseButton-primary"]:not(:disabled) p { color: #0b1016 !important; }
      }
    </style>
  </head>"""
"""What no theme setting of Streamlit reaches."""


def html() -> str:
    """Return Streamlit's start page with our title and script; what is not found stays as it is."""
    page = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    page = page.replace("<title>Streamlit</title>", "<title>Lifecycle</title>")
    page = re.sub(r'<link rel="service-desc"[^>]*>', "", page)
    missing = "<noscript>These pages need JavaScript.</noscript>"
    page = page.replace("</head>", DARK, 1)
    page = re.sub(r"<noscript>.*?</noscript>", missing, page, flags=re.DOTALL)
    return page.replace("<script", f'<script src="{SCRIPT}"></script>\n    <script', 1)


def routes() -> list[Route]:
    """Return the start page under every page's address, and its script."""
    page, text = html(), (STATIC / "shell.js").read_text(encoding="utf-8")

    async def start(_request: "Request") -> Response:
        return HTMLResponse(page, headers={"cache-control": "no-cache"})

    async def script(_request: "Request") -> Response:
        headers = {"cache-control": "max-age=3600"}
        return Response(text, media_type="text/javascript", headers=headers)

    return [Route(SCRIPT, script), Route("/", start), *(Route(f"/{name}", start) for name in PAGES)]
