"""Files on their way in: received whole under a temporary name, used once, removed."""

import re
import secrets
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool

from lifecycle.api.door import Call, Door
from lifecycle.domain.actor import Permission
from lifecycle.errors import InvalidInput, LifecycleError, NotFound

router = APIRouter(tags=["uploads"])

LARGEST = 2 * 1024**3
"""Bytes; larger logs are written in parts."""

NAME = re.compile(r"[^A-Za-z0-9._-]+")


@router.post("/uploads", status_code=201)
async def upload(door: Door, request: Request, name: Annotated[str, Query(min_length=1)]) -> Any:
    """Receive one file; name it in the call that uses it, within the same day.

    The body is the file itself: Parquet, CSV, Arrow, JSON lines, or a model file.
    """
    if not (door.actor.may(Permission.REGISTER) or door.actor.may(Permission.ADMINISTER)):
        door.actor.require(Permission.REGISTER)
    key = secrets.token_hex(16)
    folder = door.folder() / f"upload-{key}"
    folder.mkdir(parents=True)
    safe = NAME.sub("_", Path(name).name).lstrip(".") or "file"
    try:
        size = await _receive(request, folder / safe)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    (folder / ".owner").write_text(door.actor.name, encoding="utf-8")
    return {"upload": key, "name": safe, "bytes": size}


async def _receive(request: Request, path: Path) -> int:
    size = 0
    with path.open("wb") as file:
        async for chunk in request.stream():
            size += len(chunk)
            if size > LARGEST:
                raise InvalidInput(f"{path.name} is larger than {LARGEST // 1024**2} MiB")
            await run_in_threadpool(file.write, chunk)
    return size


@contextmanager
def received(door: Call, upload: str | None) -> Generator[Path | None]:
    """Give a received file to one use case, and remove it afterwards.

    An error about the file names it as its sender did, not by where it lay.
    """
    if upload is None:
        yield None
        return
    folder = door.folder() / f"upload-{upload}"
    if not re.fullmatch(r"[0-9a-f]{32}", upload) or not folder.is_dir():
        raise NotFound(f"there is no upload {upload!r}; uploads are used once")
    owner = (folder / ".owner").read_text(encoding="utf-8")
    if owner != door.actor.name:
        raise NotFound(f"there is no upload {upload!r}; uploads are used once")
    file = next(path for path in folder.iterdir() if path.name != ".owner")
    try:
        yield file
    except LifecycleError as error:
        raise type(error)(str(error).replace(f"{folder}/", "")) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def all_received(door: Call, uploads: list[str]) -> Generator[list[Path]]:
    """Give several received files to one use case, and remove them afterwards."""
    if not uploads:
        raise InvalidInput("no file was sent")
    if len(uploads) == 1:
        with received(door, uploads[0]) as file:
            yield [file] if file else []
        return
    with received(door, uploads[0]) as first, all_received(door, uploads[1:]) as rest:
        yield [*([first] if first else []), *rest]
