"""An answer to a use case, and the immutable versions it goes through."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum

from lifecycle.domain.audit import AuditEvent, canonical, plain
from lifecycle.errors import Conflict


class ModelKind(StrEnum):
    """What sort of system answers the use case."""

    PREDICTIVE = "predictive"
    LLM = "llm"
    VENDOR = "vendor"
    RULES = "rules"
    AGENT = "agent"


class Task(StrEnum):
    """What it predicts; decides which statistics apply."""

    BINARY = "binary"
    CLASSES = "classes"
    REGRESSION = "regression"


class Stage(StrEnum):
    """Where a version stands in its life."""

    DRAFT = "draft"
    CANDIDATE = "candidate"
    VALIDATED = "validated"
    APPROVED = "approved"
    PRODUCTION = "production"
    RETIRED = "retired"
    REJECTED = "rejected"
    SUSPENDED = "suspended"


ARROWS: Mapping[Stage, frozenset[Stage]] = {
    Stage.DRAFT: frozenset({Stage.CANDIDATE, Stage.REJECTED, Stage.RETIRED}),
    Stage.CANDIDATE: frozenset({Stage.VALIDATED, Stage.REJECTED, Stage.RETIRED}),
    Stage.VALIDATED: frozenset({Stage.APPROVED, Stage.REJECTED, Stage.RETIRED}),
    Stage.APPROVED: frozenset({Stage.PRODUCTION, Stage.REJECTED, Stage.RETIRED}),
    Stage.PRODUCTION: frozenset({Stage.SUSPENDED, Stage.RETIRED}),
    Stage.SUSPENDED: frozenset({Stage.PRODUCTION, Stage.RETIRED}),
    Stage.REJECTED: frozenset({Stage.DRAFT}),
    Stage.RETIRED: frozenset(),
}
"""Which stage may follow which; every arrow is a gate with a policy."""


@dataclass(frozen=True, slots=True)
class Model:
    """An entry of the inventory: what answers a use case, whoever made it."""

    id: str
    use_case_id: str
    name: str
    kind: ModelKind
    task: Task
    owner: str
    purpose: str
    created_at: datetime
    intended_use: str = ""
    out_of_scope: str = ""
    vendor: str = ""
    tags: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of a model's data play which part.

    Parameters
    ----------
    class_scores
        The column with the score of each class, for a task of several classes.
    positive
        The target's positive label, as text; for binary tasks.
    threshold
        The score from which a case counts as positive where no prediction is logged.
    """

    target: str
    timestamp: str | None = None
    id: str | None = None
    score: str | None = None
    prediction: str | None = None
    positive: str | None = None
    threshold: float | None = None
    features: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    class_scores: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Version:
    """One immutable, hashed state of a model with its lineage.

    Parameters
    ----------
    name
        What people call it within its model, such as ``3`` or ``2026-05``.
    artifact
        SHA-256 of the model file among the artefacts; ``None`` for what has no file of its own.
    artifact_format
        ``skops``, ``onnx``, ``xgboost``, ``lightgbm`` or, where allowed, ``pickle``.
    reference
        The snapshot that monitoring compares with.
    training
        The snapshot it was trained on.
    developer
        Who made it; they cannot approve it.
    """

    model_id: str
    name: str
    stage: Stage
    developer: str
    created_at: datetime
    columns: Columns
    artifact: str | None = None
    artifact_format: str | None = None
    reference: str | None = None
    training: str | None = None
    code_commit: str | None = None
    metrics: Mapping[str, float] = field(default_factory=dict[str, float])
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    notes: str = ""

    @property
    def id(self) -> str:
        """Model and version in one word, as the trail and addresses write it."""
        return f"{self.model_id}/{self.name}"

    @property
    def sha256(self) -> str:
        """The hash of everything but the stage, the one thing about a version that changes."""
        content = {f.name: plain(getattr(self, f.name)) for f in fields(self) if f.name != "stage"}
        columns = asdict(self.columns)
        if not self.columns.class_scores:  # versions without keep the hash they always had
            del columns["class_scores"]
        content["columns"] = plain(columns)
        return hashlib.sha256(canonical(content).encode()).hexdigest()

    def move(
        self, to: Stage, *, by: str, at: datetime, reason: str, request: str | None = None
    ) -> "tuple[Version, AuditEvent]":
        """Go to another stage and record who moved it and why.

        Raises
        ------
        Conflict
            No arrow leads from the present stage there.
        """
        if to not in ARROWS[self.stage]:
            possible = ", ".join(sorted(ARROWS[self.stage])) or "nothing"
            raise Conflict(f"{self.id} is {self.stage}; from there it can become {possible}")
        event = AuditEvent(
            action="version.move",
            subject=f"version:{self.id}",
            by=by,
            at=at,
            reason=reason,
            details={"before": self.stage, "after": to, "request": request},
        )
        return replace(self, stage=to), event
