"""Which rows is this about: datasets with their terms, and immutable snapshots of them."""

import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.dataset import Column, ColumnRole, Dataset, Snapshot
from lifecycle.engines import choose, rows
from lifecycle.errors import Conflict, InvalidInput
from lifecycle.services import sensitive_data
from lifecycle.services.registry import naming
from lifecycle.store import artifacts, audit, datasets
from lifecycle.store.connection import Connection, Workspace

ONCE = frozenset({ColumnRole.TIMESTAMP, ColumnRole.TARGET, ColumnRole.ID})
"""Roles that one column at most can play."""


def add_dataset(
    ws: Workspace,
    *,
    id: str,  # noqa: A002 -- the record's own field is called so
    name: str,
    description: str,
    source: str,
    owner: str,
    licence: str = "",
    personal_data: bool = False,
    lawful_basis: str = "",
    simulated: bool = False,
    by: Actor,
    at: datetime,
) -> Dataset:
    """Register a source of rows and the terms it may be used on.

    Raises
    ------
    InvalidInput
        The id is no slug, a text is empty, or personal data comes without a lawful basis.
    Conflict
        The id is taken.
    """
    by.require(Permission.REGISTER)
    naming.check_slug(id, what="dataset")
    naming.check_filled(f"dataset {id}", name=name, source=source, owner=owner)
    if personal_data and not lawful_basis.strip():
        raise InvalidInput(f"dataset {id} holds personal data, so it needs a lawful basis")
    dataset = Dataset(
        id=id,
        name=name,
        description=description,
        source=source,
        owner=owner,
        created_at=at,
        licence=licence,
        personal_data=personal_data,
        lawful_basis=lawful_basis,
        simulated=simulated,
    )
    details = {"source": source, "personal_data": personal_data, "licence": licence}
    event = AuditEvent("dataset.add", f"dataset:{id}", by.name, at, via=by.via, details=details)
    with ws.transaction() as tx:
        datasets.add(tx, dataset)
        audit.append(tx, event)
    return dataset


def add_snapshot(
    ws: Workspace,
    dataset_id: str,
    file: Path,
    *,
    roles: Mapping[str, ColumnRole],
    notes: str = "",
    by: Actor,
    at: datetime,
) -> Snapshot:
    """Keep a state of a dataset for ever, as a Parquet artefact known by its hash.

    Parameters
    ----------
    file
        Parquet, CSV, Arrow/Feather or JSON lines; a folder or a glob makes one snapshot.
    roles
        Of the columns that are no features; sensitive ones are kept in a file of their own.

    Raises
    ------
    InvalidInput
        The file or a time in it cannot be read, or a role names no column.
    NotFound
        There is no such dataset.
    Conflict
        The same content is a snapshot of this dataset already.
    """
    by.require(Permission.REGISTER)
    datasets.get(ws.cursor(), dataset_id)
    with tempfile.TemporaryDirectory(dir=ws.tmp) as folder:
        part = Path(folder) / "snapshot.parquet"
        rows.keep(str(file), into=part)
        columns, count, span = _describe(part, label=str(file), roles=roles)
        whole = artifacts.hash_of(part)
        snapshot = Snapshot(
            id=f"{dataset_id}@{whole[:10]}",
            dataset_id=dataset_id,
            artifact=whole,
            rows=count,
            columns=columns,
            created_at=at,
            created_by=by.name,
            start=span[0] if span else None,
            end=span[1] if span else None,
            notes=notes,
        )
        with ws.transaction() as tx:
            if any(kept.id == snapshot.id for kept in datasets.snapshots(tx, dataset_id)):
                raise Conflict(f"{file} is snapshot {snapshot.id} already: its content is the same")
            snapshot, details = _kept(ws, tx, snapshot, part)
            datasets.add_snapshot(tx, snapshot)
            subject = f"snapshot:{snapshot.id}"
            event = AuditEvent("snapshot.add", subject, by.name, at, notes, by.via, details)
            audit.append(tx, event)
    return snapshot


def _kept(
    ws: Workspace, tx: Connection, snapshot: Snapshot, file: Path
) -> tuple[Snapshot, dict[str, object]]:
    """Keep a snapshot's rows, what is sensitive of them apart; tell the trail what was kept."""
    columns, details = snapshot.named(ColumnRole.SENSITIVE), {}
    if columns:
        part, kept = sensitive_data.split_off(ws, tx, snapshot, file, columns=columns)
        details = {"sensitive": list(columns), "sensitive_sha256": part.sha256, "was": part.was}
        snapshot = replace(snapshot, artifact=kept)
    else:
        artifacts.put(ws, file)
    counts = {"rows": snapshot.rows, "columns": len(snapshot.columns)}
    return snapshot, {"artifact": snapshot.artifact, **counts, **details}


def _describe(
    part: Path, *, label: str, roles: Mapping[str, ColumnRole]
) -> tuple[tuple[Column, ...], int, tuple[datetime, datetime] | None]:
    """Read columns with their roles, the number of rows and the time range of a Parquet file."""
    chosen = {name: naming.choice(ColumnRole, role, what="role") for name, role in roles.items()}
    for role, count in Counter(chosen.values()).items():
        if count > 1 and role in ONCE:
            raise InvalidInput(f"{count} columns of {label} are called {role}; one at most can be")
    with choose() as engine:
        source = replace(engine.open(str(part)), label=label)
        for name in chosen:
            source.column(name)
        timestamp = next((n for n, role in chosen.items() if role is ColumnRole.TIMESTAMP), None)
        if timestamp is not None:
            engine.undated(source, timestamp=timestamp)  # refuses a time it cannot read
    span = None if timestamp is None else rows.span(part, column=timestamp)
    columns = tuple(
        Column(c.name, c.type, chosen.get(c.name, ColumnRole.FEATURE)) for c in source.columns
    )
    return columns, source.rows, span
