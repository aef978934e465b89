"""People, tokens, backups: running the workspace itself."""

import secrets
from typing import Any

from fastapi import APIRouter
from fastapi.responses import FileResponse
from pydantic import Field
from starlette.background import BackgroundTask

from lifecycle.api import uploads
from lifecycle.api.door import Call, Door
from lifecycle.api.registry import Strict
from lifecycle.api.shapes import plain
from lifecycle.domain.actor import Permission, Role, Scope
from lifecycle.domain.person import Answer
from lifecycle.domain.usecase import Tier
from lifecycle.services import access, approvals, workspaces
from lifecycle.store import people, role_changes, tokens

router = APIRouter(tags=["administration"])
router.include_router(uploads.router)


class PersonIn(Strict):
    """A new account; they choose their password through a one-time link."""

    name: str
    display: str
    roles: list[Role]
    units: list[str] = []
    tiers: list[Tier] = []


class RolesIn(Strict):
    """What an account may do from now on, and where; no unit and no tier means everywhere."""

    roles: list[Role]
    reason: str = ""
    units: list[str] = []
    tiers: list[Tier] = []


class AnswerIn(Strict):
    """Whether a second administrator agrees to a change of roles."""

    agree: bool


class TokenIn(Strict):
    """A token for programs, limited further than its owner."""

    label: str
    scopes: list[Scope]
    days: int = Field(default=90, ge=1, le=365)
    person: str | None = None


@router.get("/me")
def me(door: Door) -> Any:
    """Say who is calling and what they may do."""
    return {
        "name": door.actor.name,
        "roles": plain(door.actor.roles),
        "via": door.actor.via,
        "permissions": plain(door.actor.permissions),
        "workspace": {"sample": door.workspace.sample},
    }


@router.get("/queue")
def queue(door: Door) -> Any:
    """List what waits for the caller."""
    con = door.reading()
    return {
        "items": plain(approvals.queue(con, door.actor, at=door.at)),
        "tasks": plain(approvals.tasks(con, door.actor, at=door.at)),
    }


@router.get("/people")
def list_people(door: Door) -> Any:
    """List accounts."""
    return {"items": plain(people.every(door.reading()))}


@router.post("/people", status_code=201)
def add_person(door: Door, body: PersonIn) -> Any:
    """Make an account; the answer holds the one-time sign-in secret."""
    person = access.add_person(
        door.workspace,
        body.name,
        display=body.display,
        roles=body.roles,
        reach=access.some_reach(units=body.units, tiers=body.tiers),
        by=door.actor,
        at=door.at,
    )
    secret = access.invite(door.workspace, body.name, by=door.actor, at=door.at)
    return {**plain(person), "invitation": secret, "waiting": _waiting(door, body.name)}


def _waiting(door: Call, name: str) -> Any:
    """Return the change of somebody's roles that waits for a second administrator, if any."""
    waiting = role_changes.every(door.reading(), answer=Answer.WAITING)
    return next((plain(change) for change in waiting if change.person == name), None)


@router.put("/people/{name}/roles")
def set_roles(door: Door, name: str, body: RolesIn) -> Any:
    """Change what an account may do."""
    changed = access.set_roles(
        door.workspace,
        name,
        roles=body.roles,
        reach=access.some_reach(units=body.units, tiers=body.tiers),
        by=door.actor,
        at=door.at,
        reason=body.reason,
    )
    return {**plain(changed), "waiting": _waiting(door, name)}


@router.get("/role-changes")
def list_role_changes(door: Door, answer: Answer | None = None) -> Any:
    """List changes of roles, newest first; some wait for a second administrator."""
    con = door.reading(Permission.ADMINISTER)
    return {"items": plain(role_changes.every(con, answer=answer))}


@router.post("/role-changes/{change_id}/answer")
def answer_role_change(door: Door, change_id: str, body: AnswerIn) -> Any:
    """Agree to a change of roles as the second administrator, or refuse it."""
    by, at = door.actor, door.at
    return plain(access.answer_roles(door.workspace, change_id, agree=body.agree, by=by, at=at))


@router.post("/people/{name}/sign-out")
def sign_out_everywhere(door: Door, name: str) -> Any:
    """End all sessions of an account at once."""
    ended = access.sign_out_everywhere(door.workspace, name, by=door.actor, at=door.at)
    return {"name": name, "ended": ended}


@router.post("/people/{name}/invitation", status_code=201)
def invite(door: Door, name: str) -> Any:
    """Make a new one-time sign-in link for an account."""
    secret = access.invite(door.workspace, name, by=door.actor, at=door.at)
    return {"name": name, "invitation": secret}


@router.post("/people/{name}/deactivation")
def deactivate(door: Door, name: str) -> Any:
    """Close an account, end its sessions and revoke its tokens."""
    return plain(access.deactivate(door.workspace, name, by=door.actor, at=door.at))


@router.get("/tokens")
def list_tokens(door: Door) -> Any:
    """List one's own tokens; administrators see everybody's."""
    con = door.reading()
    everybody = door.actor.may(Permission.ADMINISTER)
    return {"items": plain(tokens.every(con, person=None if everybody else door.actor.name))}


@router.post("/tokens", status_code=201)
def add_token(door: Door, body: TokenIn) -> Any:
    """Make a token; its secret is shown this once.

    An administrator may make one for somebody else's program, without the scopes to decide and to
    administer.
    """
    secret, token = access.add_token(
        door.workspace,
        label=body.label,
        scopes=body.scopes,
        days=body.days,
        person=body.person,
        by=door.actor,
        at=door.at,
    )
    return {**plain(token), "secret": secret}


@router.delete("/tokens/{token_id}")
def revoke_token(door: Door, token_id: str) -> Any:
    """Revoke a token at once."""
    return plain(access.revoke_token(door.workspace, token_id, by=door.actor, at=door.at))


@router.get("/backup")
def backup(door: Door) -> FileResponse:
    """Download a consistent backup of the workspace."""
    file = door.folder() / f"backup-{secrets.token_hex(8)}.tar"
    workspaces.backup(door.workspace, file, by=door.actor, at=door.at)
    task = BackgroundTask(file.unlink, missing_ok=True)
    return FileResponse(file, filename="lifecycle-backup.tar", background=task)
