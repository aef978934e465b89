"""What was measured becomes evidence: with its plan, its method and whether it was reproduced."""

import platform
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import version as installed

import lifecycle
from lifecycle.domain.actor import Actor
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.dataset import Snapshot
from lifecycle.domain.evidence import Evidence
from lifecycle.domain.model import Version
from lifecycle.services import approvals, plans, sensitive_data
from lifecycle.services.access import sensitive as access
from lifecycle.services.assessment.asking import columns_read
from lifecycle.services.assessment.reproducing import reproduction
from lifecycle.services.assessment.work import Found
from lifecycle.services.plans import Plan
from lifecycle.store import audit, evidence
from lifecycle.store.connection import Connection
from lifecycle.store.plans import FixedPlan

LIBRARIES = ("numpy", "scipy", "duckdb", "pyarrow")
"""What computed the numbers; a rerun with other versions may differ in the last digits."""

MODEL_LIBRARIES = ("scikit-learn", "skops", "pandas")
"""What ran the model file, where one was run."""


def keep(
    tx: Connection,
    found: Sequence[Found],
    *,
    version: Version,
    snapshot: Snapshot,
    plan: Plan,
    fixed: FixedPlan,
    override: Mapping[str, object] | None,
    again: str | None,
    by: Actor,
    at: datetime,
) -> list[Evidence]:
    """Write what was measured as evidence, one record per purpose, each with its event."""
    made: list[Evidence] = []
    read = sensitive_data.reading(tx, version, snapshot, columns_read(version, plan)).method
    for one in found:
        method = _method(one, version=version, snapshot=snapshot, plan=plan, read=read)
        kept = Evidence(
            version_id=version.id,
            purpose=one.purpose,
            snapshot_id=snapshot.id,
            measurements=one.measurements,
            created_at=at,
            created_by=by.name,
            plan=_plan(plan, fixed=fixed, override=override),
            method=method,
            payload=_payload(tx, one, method=method, again=again),
        )
        evidence.add(tx, kept)
        audit.append(tx, _event(kept, fixed=fixed, by=by))
        made.append(kept)
    approvals.refresh(tx, version.id, at)
    return made


def record_reading(
    tx: Connection, version: Version, snapshot: Snapshot, plan: Plan, *, by: Actor, at: datetime
) -> None:
    """Write down, before they are read, which protected attributes a plan asks for."""
    read = sensitive_data.reading(tx, version, snapshot, columns_read(version, plan))
    purpose = " and ".join(f"{purpose} by group" for purpose in plan.statistics)
    access.record(
        tx,
        version,
        read.columns,
        purpose=f"assessment: {purpose}",
        rows=snapshot.rows,
        by=by,
        at=at,
    )


def _plan(
    plan: Plan, *, fixed: FixedPlan, override: Mapping[str, object] | None
) -> Mapping[str, object]:
    stamp = {
        "sha256": fixed.sha256,
        "version": fixed.version,
        "at": fixed.fixed_at.isoformat(),
        "by": fixed.fixed_by,
    }
    made = {"name": plan.name, **plan.content, plans.FIXED: stamp}
    return made if override is None else made | {plans.OVERRIDE: dict(override)}


def _payload(
    tx: Connection, found: Found, *, method: Mapping[str, object], again: str | None
) -> Mapping[str, object]:
    payload: dict[str, object] = {
        "findings": list(found.findings),
        "notices": list(found.notices),
    }
    if again is not None:
        earlier = evidence.get(tx, again)
        payload["reproduction"] = reproduction(earlier, found.measurements, method=method)
    return payload


def _method(
    found: Found,
    *,
    version: Version,
    snapshot: Snapshot,
    plan: Plan,
    read: Mapping[str, object],
) -> Mapping[str, object]:
    libraries = (*LIBRARIES, *(MODEL_LIBRARIES if found.settings.get("model") else ()))
    return {
        "lifecycle": lifecycle.__version__,
        "python": platform.python_version(),
        "libraries": {name: installed(name) for name in libraries},
        "seed": plan.seed,
        "data_sha256": snapshot.artifact,
        **read,
        "rows": found.rows,
        "code_commit": version.code_commit,
        "artifact": version.artifact,
        "settings": dict(found.settings),
    }


def _event(kept: Evidence, *, fixed: FixedPlan, by: Actor) -> AuditEvent:
    made = plans.recorded(kept.plan)
    details: dict[str, object] = {
        "purpose": kept.purpose,
        "evidence": kept.id,
        "sha256": kept.sha256,
        "snapshot": kept.snapshot_id,
        "plan": fixed.label,
        "plan_sha256": fixed.sha256,
        "state": kept.state,
    }
    if made is not None:
        details["override"] = list(made["changes"])  # pyright: ignore[reportArgumentType] -- a list, as it was written
    return AuditEvent(
        "evidence.add",
        f"version:{kept.version_id}",
        by.name,
        kept.created_at,
        reason="" if made is None else str(made["reason"]),
        via=by.via,
        details=details,
    )
