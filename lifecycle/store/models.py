"""Models and their versions: the inventory."""

from collections.abc import Iterable
from dataclasses import asdict

from lifecycle.domain.model import Columns, Model, ModelKind, Stage, Task, Version
from lifecycle.errors import NotFound
from lifecycle.store.cells import Connection, Record, dump, first, load, records, utc
from lifecycle.store.naming import not_found, unique


def add(tx: Connection, model: Model) -> None:
    """Keep a new model.

    Raises
    ------
    Conflict
        There is one with its id.
    """
    with unique("model", model.id):
        tx.execute(
            """
            INSERT INTO model VALUES (
                $id, $use_case_id, $name, $kind, $task, $owner, $purpose, $created_at,
                $intended_use, $out_of_scope, $vendor, $tags)
            """,
            _model_row(model) | {"created_at": utc(model.created_at)},
        )


def update(tx: Connection, model: Model) -> None:
    """Save a changed model; its id and creation stay.

    Raises
    ------
    NotFound
        There is none with its id.
    """
    done = tx.execute(
        """
        UPDATE model SET
            use_case_id = $use_case_id, name = $name, kind = $kind, task = $task, owner = $owner,
            purpose = $purpose, intended_use = $intended_use, out_of_scope = $out_of_scope,
            vendor = $vendor, tags = $tags
        WHERE id = $id RETURNING id
        """,
        _model_row(model),
    ).fetchall()
    if not done:
        raise _absent(tx, model.id)


def get(con: Connection, model_id: str) -> Model:
    """Return a model.

    Raises
    ------
    NotFound
        There is none with that id.
    """
    row = first(con.execute("SELECT * FROM model WHERE id = $id", {"id": model_id}))
    if row is None:
        raise _absent(con, model_id)
    return _model(row)


def every(con: Connection, use_case_id: str | None = None) -> list[Model]:
    """Return all models by name, or those that answer one use case."""
    found = con.execute(
        """
        SELECT * FROM model WHERE $use_case_id IS NULL OR use_case_id = $use_case_id
        ORDER BY name, id
        """,
        {"use_case_id": use_case_id},
    )
    return [_model(row) for row in records(found)]


def add_version(tx: Connection, version: Version) -> None:
    """Keep a new version; from now on only its stage changes.

    Raises
    ------
    Conflict
        The model has a version of that name.
    """
    with unique("version", version.id):
        tx.execute(
            """
            INSERT INTO version VALUES (
                $id, $model_id, $name, $stage, $developer, $created_at, $columns, $artifact,
                $artifact_format, $reference, $training, $code_commit, $metrics, $parameters,
                $environment, $notes)
            """,
            _version_row(version),
        )


def update_version(tx: Connection, version: Version) -> None:
    """Save the stage of a version; nothing else of it ever changes.

    Raises
    ------
    NotFound
        There is no such version.
    """
    done = tx.execute(
        "UPDATE version SET stage = $stage WHERE id = $id RETURNING id",
        {"stage": str(version.stage), "id": version.id},
    ).fetchall()
    if not done:
        raise _version_absent(tx, version.model_id, version.name)


def version(con: Connection, model_id: str, name: str) -> Version:
    """Return a version by the names of model and version.

    Raises
    ------
    NotFound
        There is no such model, or no such version of it.
    """
    row = first(
        con.execute(
            "SELECT * FROM version WHERE model_id = $model_id AND name = $name",
            {"model_id": model_id, "name": name},
        )
    )
    if row is None:
        raise _version_absent(con, model_id, name)
    return _version(row)


def version_by_id(con: Connection, version_id: str) -> Version:
    """Return a version by its id, such as ``credit-default/3``.

    Raises
    ------
    NotFound
        There is no such version.
    """
    row = first(con.execute("SELECT * FROM version WHERE id = $id", {"id": version_id}))
    if row is None:
        known = [str(r[0]) for r in con.execute("SELECT id FROM version").fetchall()]
        raise not_found("version", version_id, known=known)
    return _version(row)


def versions(con: Connection, model_id: str | None = None) -> list[Version]:
    """Return all versions, newest first within each model, or those of one model."""
    found = con.execute(
        """
        SELECT * FROM version WHERE $model_id IS NULL OR model_id = $model_id
        ORDER BY model_id, created_at DESC, name DESC
        """,
        {"model_id": model_id},
    )
    return [_version(row) for row in records(found)]


def named(con: Connection, version_ids: Iterable[str]) -> dict[str, Version]:
    """Return some versions by their ids, in one query."""
    found = con.execute(
        "SELECT * FROM version WHERE list_contains($ids::VARCHAR[], id)",
        {"ids": sorted(set(version_ids))},
    )
    return {str(row["id"]): _version(row) for row in records(found)}


def _absent(con: Connection, wanted: str) -> NotFound:
    known = [str(row[0]) for row in con.execute("SELECT id FROM model").fetchall()]
    return not_found("model", wanted, known=known)


def _version_absent(con: Connection, model_id: str, name: str) -> NotFound:
    known = {v.name for v in versions(con, get(con, model_id).id)}
    return not_found(f"version of {model_id}", name, known=known)


def _model_row(model: Model) -> Record:
    return {
        "id": model.id,
        "use_case_id": model.use_case_id,
        "name": model.name,
        "kind": str(model.kind),
        "task": str(model.task),
        "owner": model.owner,
        "purpose": model.purpose,
        "intended_use": model.intended_use,
        "out_of_scope": model.out_of_scope,
        "vendor": model.vendor,
        "tags": dump(dict(model.tags)),
    }


def _model(row: Record) -> Model:
    nested: Record = {
        "kind": ModelKind(row["kind"]),
        "task": Task(row["task"]),
        "tags": load(row["tags"]),
    }
    return Model(**row | nested)


def _version_row(version: Version) -> Record:
    return {
        "id": version.id,
        "model_id": version.model_id,
        "name": version.name,
        "stage": str(version.stage),
        "developer": version.developer,
        "created_at": utc(version.created_at),
        "columns": dump(asdict(version.columns)),
        "artifact": version.artifact,
        "artifact_format": version.artifact_format,
        "reference": version.reference,
        "training": version.training,
        "code_commit": version.code_commit,
        "metrics": dump(dict(version.metrics)),
        "parameters": dump(dict(version.parameters)),
        "environment": dump(dict(version.environment)),
        "notes": version.notes,
    }


def _version(row: Record) -> Version:
    columns: Record = {
        k: tuple(v) if isinstance(v, list) else v for k, v in load(row["columns"]).items()
    }
    nested: Record = {
        "stage": Stage(row["stage"]),
        "columns": Columns(**columns),
        "metrics": load(row["metrics"]),
        "parameters": load(row["parameters"]),
        "environment": load(row["environment"]),
    }
    return Version(**{k: v for k, v in row.items() if k != "id"} | nested)
