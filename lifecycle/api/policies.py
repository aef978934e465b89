"""Policies: drafted, compared, tried out, published by a second person."""

from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from pydantic import Field

from lifecycle.api.door import Door
from lifecycle.api.registry import Strict
from lifecycle.api.shapes import plain
from lifecycle.domain.policy_difference import differences
from lifecycle.domain.policy_schema import schema
from lifecycle.services import policies
from lifecycle.store import policies as published
from lifecycle.store import policy_drafts

router = APIRouter(tags=["policies"])


class PolicyIn(Strict):
    """A policy as YAML text."""

    content: str = Field(max_length=500_000)


class PublishIn(Strict):
    """Which draft is put in force; `seen` is the hash of the one looked at."""

    version: str
    seen: str | None = None
    reason: str = ""


class DiscardIn(Strict):
    """Which draft is dropped, and why."""

    version: str
    reason: str = Field(min_length=1)


@router.get("/policies")
def list_policies(door: Door) -> Any:
    """List every published policy version, newest first, and whether it is in force."""
    found = published.history(door.reading())
    return {
        "items": [
            {
                **{k: v for k, v in plain(one.policy).items() if k != "gates"},
                "published_at": plain(one.at),
                "published_by": one.by,
                "in_force": one.in_force,
            }
            for one in found
        ]
    }


@router.get("/policies/schema")
def show_schema(door: Door) -> Any:
    """Return the JSON Schema of policies."""
    door.reading()
    return schema()


@router.get("/policies/drafts")
def list_drafts(door: Door) -> Any:
    """List the drafts that wait for a second person."""
    return {"items": plain(policy_drafts.every(door.reading()))}


@router.post("/policies", status_code=201)
def draft_policy(door: Door, body: PolicyIn) -> Any:
    """Keep a policy as a draft."""
    return plain(policies.draft(door.workspace, body.content, by=door.actor, at=door.at))


@router.post("/policies/trial")
def try_policy(door: Door, body: PolicyIn) -> Any:
    """Say which versions of the portfolio another policy would judge differently."""
    return plain(policies.what_if(door.workspace, body.content, by=door.actor, at=door.at))


@router.post("/policies/check")
def check_policy(door: Door, body: PolicyIn) -> Any:
    """Read a policy and find what contradicts itself or can never be met."""
    policy = policies.read(body.content)
    policies.check(door.reading(), policy, content=body.content)
    return {"name": policy.name, "version": policy.version, "sha256": policy.sha256}


@router.get("/policies/{name}")
def show_policy(door: Door, name: str, version: str | None = None) -> Any:
    """Show a policy's content; the one in force unless a version is named."""
    con = door.reading()
    if version is None:
        return plain(published.current(con, name))
    return plain(published.get(con, name, version))


@router.get("/policies/{name}/differences")
def compare_policies(door: Door, name: str, before: str, after: str) -> Any:
    """Say what two versions of a policy say differently, and which way each difference goes."""
    con = door.reading()
    found = differences(*(published.get(con, name, version) for version in (before, after)))
    return {"items": [{**plain(change), "sentence": change.sentence} for change in found]}


@router.post("/policies/{name}/publication", status_code=201)
def publish_policy(door: Door, name: str, body: PublishIn) -> Any:
    """Put a draft in force that somebody else wrote."""
    return plain(
        policies.publish(
            door.workspace,
            name,
            body.version,
            seen=body.seen,
            reason=body.reason,
            by=door.actor,
            at=door.at,
        )
    )


@router.post("/policies/{name}/discard")
def discard_policy(door: Door, name: str, body: DiscardIn) -> Any:
    """Drop a draft."""
    kept = policy_drafts.get(door.reading(), name, body.version)
    policies.discard(
        door.workspace, name, body.version, reason=body.reason, by=door.actor, at=door.at
    )
    return plain(replace(kept, text=""))
