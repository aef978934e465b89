"""Use cases, models, versions and the inventory over them."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from lifecycle.api.door import Door
from lifecycle.api.shapes import page, plain
from lifecycle.api.uploads import received
from lifecycle.domain.model import Columns, Stage
from lifecycle.domain.usecase import QUESTIONNAIRE, Kpi
from lifecycle.services import portfolio, registry
from lifecycle.store import models, usecases

router = APIRouter(tags=["registry"])

Limit = Annotated[int, Query(ge=1, le=1000)]
Offset = Annotated[int, Query(ge=0)]


class Strict(BaseModel):
    """Input that refuses keys it does not know."""

    # A limit makes every text be read as Unicode too: half a pair of surrogates is refused here.
    model_config = ConfigDict(extra="forbid", str_max_length=250_000)


class KpiIn(Strict):
    """A target that success is measured by."""

    name: str
    unit: str
    target: float
    baseline: float | None = None
    better: str = "higher"


class UseCaseIn(Strict):
    """A business case; the tier is computed from the answers."""

    id: str
    name: str
    problem: str
    owner: str
    sponsor: str
    answers: dict[str, str]
    mode: str = "augmentation"
    kpis: list[KpiIn] = []
    value: float | None = None
    cost: float | None = None
    currency: str = "EUR"
    affected: str = ""
    unit: str = ""


class KpisIn(Strict):
    """New targets and why they changed."""

    kpis: list[KpiIn]
    reason: str = Field(min_length=1)


class ModelIn(Strict):
    """An answer to a use case."""

    id: str
    use_case_id: str
    name: str
    task: str
    owner: str
    purpose: str
    kind: str = "predictive"
    intended_use: str = ""
    out_of_scope: str = ""
    vendor: str = ""


class ColumnsIn(Strict):
    """Which columns play which part."""

    target: str
    timestamp: str | None = None
    id: str | None = None
    score: str | None = None
    prediction: str | None = None
    positive: str | None = None
    threshold: float | None = None
    features: list[str] = []
    categorical: list[str] = []
    sensitive: list[str] = []
    class_scores: dict[str, str] = {}

    def value(self) -> Columns:
        """Return the domain's value."""
        given: dict[str, Any] = self.model_dump()
        lists: dict[str, Any] = {k: tuple(v) for k, v in given.items() if isinstance(v, list)}
        return Columns(**{**given, **lists})


class VersionIn(Strict):
    """A version; its model file is sent before and named by its hash's upload."""

    name: str
    columns: ColumnsIn
    reference: str | None = None
    training: str | None = None
    code_commit: str | None = None
    metrics: dict[str, float] = {}
    parameters: dict[str, str] = {}
    environment: dict[str, str] = {}
    notes: str = ""


class MoveIn(Strict):
    """A move that needs no gate."""

    to: Stage
    reason: str = Field(min_length=1)


def _kpis(given: list[KpiIn]) -> tuple[Kpi, ...]:
    return tuple(Kpi(**kpi.model_dump()) for kpi in given)


@router.get("/inventory")
def inventory(door: Door) -> Any:
    """List every version with its use case, owner, tier, stage, health and what is missing."""
    return {"items": plain(portfolio.inventory(door.reading(), at=door.at))}


@router.get("/questionnaire")
def questionnaire(door: Door) -> Any:
    """Return the risk questionnaire with its choices and the tier each leads to."""
    door.reading()
    return plain(QUESTIONNAIRE)


@router.get("/usecases")
def list_use_cases(door: Door, limit: Limit = 100, offset: Offset = 0) -> Any:
    """List use cases."""
    return page(usecases.every(door.reading()), limit=limit, offset=offset)


@router.post("/usecases", status_code=201)
def add_use_case(door: Door, body: UseCaseIn) -> Any:
    """Register a use case."""
    given: dict[str, Any] = {**body.model_dump(), "kpis": _kpis(body.kpis)}
    return plain(registry.add_use_case(door.workspace, **given, by=door.actor, at=door.at))


@router.get("/usecases/{use_case_id}")
def show_use_case(door: Door, use_case_id: str) -> Any:
    """Show one use case with the answers that drove its tier."""
    found = usecases.get(door.reading(), use_case_id)
    return {**plain(found), "tiering": plain(found.tiering)}


@router.put("/usecases/{use_case_id}/kpis")
def set_kpis(door: Door, use_case_id: str, body: KpisIn) -> Any:
    """Change the targets; the old ones stay in the audit trail."""
    return plain(
        registry.set_kpis(
            door.workspace,
            use_case_id,
            kpis=_kpis(body.kpis),
            reason=body.reason,
            by=door.actor,
            at=door.at,
        )
    )


@router.get("/models")
def list_models(
    door: Door, use_case: str | None = None, limit: Limit = 100, offset: Offset = 0
) -> Any:
    """List models."""
    found = models.every(door.reading(), use_case_id=use_case)
    return page(found, limit=limit, offset=offset)


@router.post("/models", status_code=201)
def add_model(door: Door, body: ModelIn) -> Any:
    """Register a model."""
    given = body.model_dump()
    return plain(registry.add_model(door.workspace, **given, by=door.actor, at=door.at))


@router.get("/models/{model_id}")
def show_model(door: Door, model_id: str) -> Any:
    """Show one model with its versions."""
    con = door.reading()
    found = models.get(con, model_id)
    return {**plain(found), "versions": plain(models.versions(con, model_id))}


@router.get("/models/{model_id}/timeline")
def timeline(door: Door, model_id: str) -> Any:
    """List what happened in a model's life, oldest first."""
    return {"items": plain(portfolio.timeline(door.reading(), model_id))}


@router.get("/models/{model_id}/versions")
def list_versions(door: Door, model_id: str, limit: Limit = 100, offset: Offset = 0) -> Any:
    """List a model's versions."""
    con = door.reading()
    found = models.versions(con, models.get(con, model_id).id)
    return page(found, limit=limit, offset=offset)


@router.post("/models/{model_id}/versions", status_code=201)
def add_version(
    door: Door, model_id: str, body: VersionIn, upload: Annotated[str | None, Query()] = None
) -> Any:
    """Register a version; `upload` names a model file sent to /uploads before."""
    given: dict[str, Any] = body.model_dump(exclude={"columns"})
    given["columns"] = body.columns.value()
    with received(door, upload) as file:
        return plain(
            registry.add_version(
                door.workspace, model_id, **given, file=file, by=door.actor, at=door.at
            )
        )


@router.get("/models/{model_id}/versions/{version}")
def show_version(door: Door, model_id: str, version: str) -> Any:
    """Show one version."""
    return plain(models.version(door.reading(), model_id, version))


@router.get("/models/{model_id}/versions/{version}/file")
def download_file(door: Door, model_id: str, version: str) -> FileResponse:
    """Send a version's model file, after comparing it with its hash."""
    return FileResponse(registry.file_of(door.workspace, model_id, version, by=door.actor))


@router.post("/models/{model_id}/versions/{version}/move")
def move_version(door: Door, model_id: str, version: str, body: Annotated[MoveIn, Body()]) -> Any:
    """Move a version to a stage that has no gate; others need a request."""
    return plain(
        registry.move_version(
            door.workspace,
            model_id,
            version,
            to=body.to,
            reason=body.reason,
            by=door.actor,
            at=door.at,
        )
    )
