"""The audit trail: searched, taken along, signed and verified."""

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from lifecycle.adapters import keys
from lifecycle.api.door import Door
from lifecycle.api.registry import Limit, Offset
from lifecycle.api.shapes import Moment, page, plain, verification
from lifecycle.domain.actor import Permission
from lifecycle.services import asof, evidence_pack, sealing, trail
from lifecycle.services.asof import AsOf
from lifecycle.store import audit, checkpoints

router = APIRouter(tags=["trail"])


@router.get("/audit")
def search_trail(
    door: Door,
    text: str | None = None,
    by: str | None = None,
    subject: str | None = None,
    action: str | None = None,
    start: Annotated[Moment | None, Query()] = None,
    end: Annotated[Moment | None, Query()] = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Any:
    """Search the audit trail, newest first."""
    con = door.reading(Permission.READ_TRAIL)
    where: dict[str, Any] = {
        "text": text,
        "by": by,
        "subject": subject,
        "action": action,
        "start": start,
        "end": end,
    }
    links = audit.search(con, **where, limit=limit, offset=offset)
    return page(links, limit=limit, offset=offset, total=audit.count(con, **where))


@router.get("/audit/export")
def export(door: Door) -> FileResponse:
    """Download the whole chain as JSON lines, for keeping elsewhere and verifying offline."""
    file = door.folder() / f"trail-{secrets.token_hex(8)}.jsonl"
    trail.export(door.workspace, file, by=door.actor, at=door.at)
    task = BackgroundTask(file.unlink, missing_ok=True)
    return FileResponse(file, filename="trail.jsonl", background=task)


@router.post("/audit/verification")
def verify(door: Door) -> Any:
    """Verify the chain, its signatures and its clock; each claim is told apart."""
    return verification(trail.examine(door.workspace, by=door.actor))


@router.get("/audit/checkpoints")
def list_checkpoints(door: Door, limit: Limit = 100, offset: Offset = 0) -> Any:
    """List the signed checkpoints, newest first."""
    found = checkpoints.every(door.reading(Permission.READ_TRAIL))
    return page(found[::-1], limit=limit, offset=offset)


@router.post("/audit/checkpoints", status_code=201)
def seal(door: Door) -> Any:
    """Sign the trail as it is now; keep the answer elsewhere."""
    return plain(trail.seal(door.workspace, by=door.actor, at=door.at))


@router.get("/audit/keys")
def list_keys(door: Door) -> Any:
    """List the public keys this workspace ever signed with; `current` names today's."""
    known = checkpoints.public_keys(door.reading())
    current = sealing.signing_key(door.workspace)
    found = {**known, current.id: current.public}
    items = [{"id": k, "public": v, "pem": keys.pem(v)} for k, v in found.items()]
    return {"current": current.id, "items": items}


@router.get("/asof")
def as_of(door: Door, at: Moment, model: str | None = None) -> Any:
    """Tell what was live at a time, approved by whom, on what evidence and policy.

    A time that names no zone is in UTC, and a day alone means its beginning.
    """
    return shown(asof.as_of(door.workspace, at, model_id=model, by=door.actor, now=door.at))


@router.get("/models/{model}/versions/{version}/evidence-pack")
def evidence_pack_of(door: Door, model: str, version: str) -> FileResponse:
    """Download everything about a version's approval, to be verified without this product."""
    file = door.folder() / f"pack-{secrets.token_hex(8)}.zip"
    evidence_pack.pack(door.workspace, model, version, file, by=door.actor, at=door.at)
    task = BackgroundTask(file.unlink, missing_ok=True)
    return FileResponse(file, filename=f"{model}-{version}-evidence.zip", background=task)


def shown(found: AsOf) -> dict[str, Any]:
    """Return an answer about a time, the versions that were live first."""
    told = found.told
    versions = sorted(told.versions, key=lambda v: (not v.live, v.version_id))
    return {
        "at": plain(found.at),
        "model": found.model_id,
        "sequence": found.sequence,
        "hash": found.hash,
        "versions": [{**plain(v), "live": v.live} for v in versions],
        "policies": plain(told.policies),
        "open_requests": plain(told.open_requests),
    }
