"""Datasets, snapshots, predictions and outcomes."""

from typing import Any

from fastapi import APIRouter

from lifecycle.api.door import Door
from lifecycle.api.registry import Limit, Offset, Strict
from lifecycle.api.shapes import page, plain
from lifecycle.api.uploads import all_received, received
from lifecycle.domain.dataset import ColumnRole
from lifecycle.errors import InvalidInput
from lifecycle.services import ingestion, registry
from lifecycle.store import datasets, logs, models

router = APIRouter(tags=["data"])


class DatasetIn(Strict):
    """A source of rows."""

    id: str
    name: str
    description: str
    source: str
    owner: str
    licence: str = ""
    personal_data: bool = False
    lawful_basis: str = ""


class SnapshotIn(Strict):
    """A state of a dataset, from a file sent to /uploads before."""

    upload: str
    roles: dict[str, ColumnRole] = {}
    notes: str = ""


class PredictionsIn(Strict):
    """Rows a version scored, from files sent to /uploads before."""

    uploads: list[str]
    timestamp: str
    id: str
    score: str | None = None
    prediction: str | None = None


class OutcomesIn(Strict):
    """Outcomes that arrived, from files sent to /uploads before."""

    uploads: list[str]
    id: str
    target: str
    known_at: str | None = None


@router.get("/datasets")
def list_datasets(door: Door, limit: Limit = 100, offset: Offset = 0) -> Any:
    """List datasets."""
    return page(datasets.every(door.reading()), limit=limit, offset=offset)


@router.post("/datasets", status_code=201)
def add_dataset(door: Door, body: DatasetIn) -> Any:
    """Register a dataset."""
    given = body.model_dump()
    return plain(registry.add_dataset(door.workspace, **given, by=door.actor, at=door.at))


@router.get("/datasets/{dataset_id}")
def show_dataset(door: Door, dataset_id: str) -> Any:
    """Show one dataset with its snapshots."""
    con = door.reading()
    found = datasets.get(con, dataset_id)
    return {**plain(found), "snapshots": plain(datasets.snapshots(con, dataset_id))}


@router.post("/datasets/{dataset_id}/snapshots", status_code=201)
def add_snapshot(door: Door, dataset_id: str, body: SnapshotIn) -> Any:
    """Keep an immutable state of a dataset."""
    with received(door, body.upload) as file:
        if file is None:
            raise InvalidInput("no file was sent")
        return plain(
            registry.add_snapshot(
                door.workspace,
                dataset_id,
                file,
                roles=body.roles,
                notes=body.notes,
                by=door.actor,
                at=door.at,
            )
        )


@router.get("/snapshots/{snapshot_id}")
def show_snapshot(door: Door, snapshot_id: str) -> Any:
    """Show one snapshot with its columns and their roles."""
    return plain(datasets.snapshot(door.reading(), snapshot_id))


@router.get("/models/{model_id}/versions/{version}/predictions")
def logged(door: Door, model_id: str, version: str) -> Any:
    """List the days of a version's prediction log with their row counts."""
    con = door.reading()
    found = models.version(con, model_id, version)
    return {"items": plain([{"day": d.day, "rows": d.rows} for d in logs.days(con, found.id)])}


@router.post("/models/{model_id}/versions/{version}/predictions", status_code=201)
def add_predictions(door: Door, model_id: str, version: str, body: PredictionsIn) -> Any:
    """Add rows to a version's prediction log: all files of the call or none."""
    with all_received(door, body.uploads) as files:
        return plain(
            ingestion.predictions(
                door.workspace,
                model_id,
                version,
                files,
                timestamp=body.timestamp,
                id=body.id,
                score=body.score,
                prediction=body.prediction,
                by=door.actor,
                at=door.at,
            )
        )


@router.post("/models/{model_id}/outcomes", status_code=201)
def add_outcomes(door: Door, model_id: str, body: OutcomesIn) -> Any:
    """Add outcomes to the predictions they belong to."""
    with all_received(door, body.uploads) as files:
        return plain(
            ingestion.outcomes(
                door.workspace,
                model_id,
                files,
                id=body.id,
                target=body.target,
                known_at=body.known_at,
                by=door.actor,
                at=door.at,
            )
        )
