"""How values of the domain are written as JSON: one function for all of them.

Field names are the domain's own, times are ISO 8601 in UTC, and NaN or infinity never appears.
"""

import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator

from lifecycle.domain.alert import Severity
from lifecycle.domain.audit import Link
from lifecycle.domain.checkpoint import Checkpoint
from lifecycle.domain.evidence import Evidence
from lifecycle.domain.model import Version
from lifecycle.domain.policy import Policy
from lifecycle.domain.proof import Examination
from lifecycle.domain.rules import GateReport
from lifecycle.services.examination import told

Moment = Annotated[datetime, AfterValidator(lambda at: at if at.tzinfo else at.replace(tzinfo=UTC))]
"""A time in a query; where it names no zone it is in UTC, as everywhere else."""

ALSO: Mapping[type, tuple[str, ...]] = {
    Version: ("id",),
    Evidence: ("id", "sha256", "state"),
    GateReport: ("outcome",),
    Policy: ("sha256",),
}
"""Computed properties that belong to the JSON of a type."""

NEVER = frozenset({"hash", "password_hash", "sealed"})
"""Fields that stay inside: secrets, sealed or hashed."""

PUBLIC = (Link, Checkpoint)
"""Types whose hash is public by intent."""


def plain(value: Any) -> Any:
    """Return a value as JSON values only."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, AbstractSet):
        return sorted(plain(v) for v in value)
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if is_dataclass(value) and not isinstance(value, type):
        kept = [f.name for f in fields(value) if f.name not in NEVER or isinstance(value, PUBLIC)]
        return {name: plain(getattr(value, name)) for name in [*kept, *ALSO.get(type(value), ())]}
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.word if isinstance(value, Severity) else value.value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    return plain(value.tolist()) if hasattr(value, "tolist") else value


def page(items: list[Any], *, limit: int, offset: int, total: int | None = None) -> dict[str, Any]:
    """Return one page of a list with how many there are in all."""
    count = len(items) if total is None else total
    shown = items if total is not None else items[offset : offset + limit]
    return {"items": plain(shown), "total": count, "limit": limit, "offset": offset}


def verification(found: Examination) -> dict[str, Any]:
    """Return what was found of a trail, its claims in sentences and its findings by event."""
    return {
        "intact": not found.findings,
        "events": found.integrity.events,
        "claims": plain(told(found)),
        "findings": plain(found.findings),
        **plain(found),
    }
