"""Errors as problem details (RFC 9457): a sentence, a status, and an id for a fault of ours."""

import logging
import secrets
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from lifecycle.errors import InvalidInput, LifecycleError

log = logging.getLogger("lifecycle.api")

SHORT = 60
"""Characters of a refused value that a sentence repeats."""

MEDIA_TYPE = "application/problem+json"


def answer(error: LifecycleError) -> JSONResponse:
    """Return the response for something refused on purpose."""
    body = {
        "type": f"urn:lifecycle:{type(error).__name__}",
        "title": error.title,
        "status": error.status,
        "detail": str(error),
    }
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else None  # noqa: PLR2004 -- HTTP's own number
    return JSONResponse(body, error.status, headers, MEDIA_TYPE)


def install(api: FastAPI) -> None:
    """Answer every failure of an application as a problem."""
    api.add_exception_handler(LifecycleError, _refused)
    api.add_exception_handler(RequestValidationError, _malformed)
    api.add_exception_handler(HTTPException, _unrouted)
    api.add_exception_handler(Exception, _fault)


async def _refused(_: Request, error: Exception) -> JSONResponse:
    return answer(error if isinstance(error, LifecycleError) else LifecycleError(str(error)))


async def _malformed(_: Request, error: Exception) -> JSONResponse:
    problems = error.errors() if isinstance(error, RequestValidationError) else []
    said = [_sentence(problem) for problem in problems]
    return answer(InvalidInput("; ".join(said) or "the request cannot be read"))


def _sentence(problem: Mapping[str, Any]) -> str:
    """Name the field, what was expected and, where it is short, what was given."""
    where = ".".join(str(part) for part in problem["loc"][1:]) or "body"
    given = problem.get("input")
    shown = f", not {given!r}" if isinstance(given, str) and len(given) <= SHORT else ""
    return f"{where}: {problem['msg']}{shown}"


async def _unrouted(_: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = str(error.detail) if isinstance(error, HTTPException) else "no such route"
    body = {"type": "about:blank", "title": detail, "status": status, "detail": detail}
    return JSONResponse(body, status, media_type=MEDIA_TYPE)


async def _fault(_: Request, error: Exception) -> JSONResponse:
    number = secrets.token_hex(4)
    log.error("fault %s", number, exc_info=error)
    body = {
        "type": "urn:lifecycle:Fault",
        "title": "A fault of ours",
        "status": 500,
        "detail": f"something went wrong here; the log has it as fault {number}",
        "fault": number,
    }
    return JSONResponse(body, 500, media_type=MEDIA_TYPE)
