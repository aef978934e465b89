"""Reports made from the records, and the parts that people write into them."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field

from lifecycle.api.door import Call, Door
from lifecycle.api.registry import Strict
from lifecycle.api.shapes import plain
from lifecycle.errors import NotFound
from lifecycle.services import reports
from lifecycle.services.reports import Audience, Document
from lifecycle.store import report_texts

router = APIRouter(tags=["reports"])


class TextIn(Strict):
    """What a person writes into a report."""

    text: str = Field(max_length=20_000)


@router.get("/models/{model}/versions/{version}/card")
def card_of(door: Door, model: str, version: str) -> Any:
    """Show the card of a version, made from its records."""
    made = _made(door, "card", model, version)
    return {"card": reports.as_json(made), "markdown": reports.as_markdown(made)}


@router.get("/models/{model}/versions/{version}/reports/{kind}")
def report_of(
    door: Door,
    model: str,
    version: str,
    kind: str,
    format: str = "html",  # noqa: A002 -- what the address calls it
    audience: Audience = Audience.ENGINEER,
) -> Response:
    """Write a report: ``card`` or ``validation``, as HTML, Markdown, JSON, PDF or for the Hub."""
    if format not in reports.FORMATS:
        raise NotFound(f"a report is written as {', '.join(reports.FORMATS)}, not {format!r}")
    how = reports.FORMATS[format]
    made = _made(door, kind, model, version).to(audience)
    name = f"{model}-{version}-{kind}.{how.suffix}".replace('"', "")
    headers = {"Content-Disposition": f'attachment; filename="{name}"'} if name.isascii() else {}
    return Response(how.render(made), media_type=how.media_type, headers=headers)


@router.put("/models/{model}/versions/{version}/reports/parts/{part}")
def write_part(door: Door, model: str, version: str, part: str, body: TextIn) -> Any:
    """Write a part of a report by hand; earlier revisions stay."""
    made = reports.write(door.workspace, model, version, part, body.text, by=door.actor, at=door.at)
    return plain(made)


@router.get("/models/{model}/reports/parts")
def list_parts(door: Door, model: str, part: str | None = None) -> Any:
    """List what people wrote into a model's reports, newest revision first."""
    return {"items": plain(report_texts.every(door.reading(), model, part))}


def _made(door: Call, kind: str, model: str, version: str) -> Document:
    if kind not in reports.KINDS:
        raise NotFound(f"there is no report {kind!r}; there is: {', '.join(reports.KINDS)}")
    return reports.KINDS[kind](door.workspace, model, version, by=door.actor, at=door.at)
