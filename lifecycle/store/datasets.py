"""Datasets and the immutable snapshots of them."""

from dataclasses import asdict

from lifecycle.domain.dataset import Column, ColumnRole, Dataset, Snapshot
from lifecycle.store.cells import Connection, Record, dump, first, load, records, utc
from lifecycle.store.naming import not_found, unique


def add(tx: Connection, dataset: Dataset) -> None:
    """Keep a new dataset.

    Raises
    ------
    Conflict
        There is one with its id.
    """
    with unique("dataset", dataset.id):
        tx.execute(
            """
            INSERT INTO dataset VALUES (
                $id, $name, $description, $source, $owner, $created_at, $licence, $personal_data,
                $lawful_basis, $simulated)
            """,
            asdict(dataset) | {"created_at": utc(dataset.created_at)},
        )


def get(con: Connection, dataset_id: str) -> Dataset:
    """Return a dataset.

    Raises
    ------
    NotFound
        There is none with that id.
    """
    row = first(con.execute("SELECT * FROM dataset WHERE id = $id", {"id": dataset_id}))
    if row is None:
        known = [str(r[0]) for r in con.execute("SELECT id FROM dataset").fetchall()]
        raise not_found("dataset", dataset_id, known=known)
    return Dataset(**row)


def every(con: Connection) -> list[Dataset]:
    """Return all datasets by name."""
    return [Dataset(**r) for r in records(con.execute("SELECT * FROM dataset ORDER BY name, id"))]


def add_snapshot(tx: Connection, snapshot: Snapshot) -> None:
    """Keep a new snapshot; it never changes.

    Raises
    ------
    Conflict
        There is one with its id.
    """
    with unique("snapshot", snapshot.id):
        tx.execute(
            """
            INSERT INTO snapshot VALUES (
                $id, $dataset_id, $artifact, $rows, $columns, $created_at, $created_by,
                $start, $end, $notes)
            """,
            {
                "id": snapshot.id,
                "dataset_id": snapshot.dataset_id,
                "artifact": snapshot.artifact,
                "rows": snapshot.rows,
                "columns": dump([[c.name, c.type, c.role] for c in snapshot.columns]),
                "created_at": utc(snapshot.created_at),
                "created_by": snapshot.created_by,
                "start": utc(snapshot.start) if snapshot.start else None,
                "end": utc(snapshot.end) if snapshot.end else None,
                "notes": snapshot.notes,
            },
        )


def snapshot(con: Connection, snapshot_id: str) -> Snapshot:
    """Return a snapshot.

    Raises
    ------
    NotFound
        There is none with that id.
    """
    row = first(con.execute("SELECT * FROM snapshot WHERE id = $id", {"id": snapshot_id}))
    if row is None:
        known = [str(r[0]) for r in con.execute("SELECT id FROM snapshot").fetchall()]
        raise not_found("snapshot", snapshot_id, known=known)
    return _snapshot(row)


def snapshots(con: Connection, dataset_id: str | None = None) -> list[Snapshot]:
    """Return all snapshots, newest first, or those of one dataset."""
    found = con.execute(
        """
        SELECT * FROM snapshot WHERE $dataset_id IS NULL OR dataset_id = $dataset_id
        ORDER BY created_at DESC, id
        """,
        {"dataset_id": dataset_id},
    )
    return [_snapshot(row) for row in records(found)]


def _snapshot(row: Record) -> Snapshot:
    return Snapshot(
        id=row["id"],
        dataset_id=row["dataset_id"],
        artifact=row["artifact"],
        rows=row["row_count"],
        columns=tuple(Column(n, t, ColumnRole(role)) for n, t, role in load(row["columns"])),
        created_at=row["created_at"],
        created_by=row["created_by"],
        start=row["start_at"],
        end=row["end_at"],
        notes=row["notes"],
    )
