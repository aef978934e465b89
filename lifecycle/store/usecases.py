"""Use cases: why the models exist."""

from collections.abc import Iterable
from dataclasses import asdict

from lifecycle.domain.usecase import Kpi, Mode, Tier, UseCase
from lifecycle.errors import NotFound
from lifecycle.store.cells import Connection, Record, dump, first, load, records, utc
from lifecycle.store.naming import not_found, unique


def add(tx: Connection, use_case: UseCase) -> None:
    """Keep a new use case.

    Raises
    ------
    Conflict
        There is one with its id.
    """
    with unique("use case", use_case.id):
        tx.execute(
            """
            INSERT INTO use_case VALUES (
                $id, $name, $problem, $owner, $sponsor, $created_at, $tier, $questionnaire,
                $answers, $mode, $kpis, $value, $cost, $currency, $affected, $simulated, $tags)
            """,
            _row(use_case),
        )


def update(tx: Connection, use_case: UseCase) -> None:
    """Save a changed use case; its id and creation stay.

    Raises
    ------
    NotFound
        There is none with its id.
    """
    row = _row(use_case)
    del row["created_at"]
    done = tx.execute(
        """
        UPDATE use_case SET
            name = $name, problem = $problem, owner = $owner, sponsor = $sponsor, tier = $tier,
            questionnaire = $questionnaire, answers = $answers, mode = $mode, kpis = $kpis,
            value = $value, cost = $cost, currency = $currency, affected = $affected,
            simulated = $simulated, tags = $tags
        WHERE id = $id RETURNING id
        """,
        row,
    ).fetchall()
    if not done:
        raise _absent(tx, use_case.id)


def get(con: Connection, use_case_id: str) -> UseCase:
    """Return a use case.

    Raises
    ------
    NotFound
        There is none with that id.
    """
    row = first(con.execute("SELECT * FROM use_case WHERE id = $id", {"id": use_case_id}))
    if row is None:
        raise _absent(con, use_case_id)
    return _use_case(row)


def every(con: Connection) -> list[UseCase]:
    """Return all use cases by name."""
    return [_use_case(r) for r in records(con.execute("SELECT * FROM use_case ORDER BY name, id"))]


def of_models(con: Connection, model_ids: Iterable[str]) -> dict[str, UseCase]:
    """Return the use case of each of some models, in one query."""
    found = con.execute(
        """
        SELECT model.id AS model_id, use_case.* FROM model
        JOIN use_case ON use_case.id = model.use_case_id
        WHERE list_contains($ids::VARCHAR[], model.id)
        """,
        {"ids": sorted(set(model_ids))},
    )
    return {str(row.pop("model_id")): _use_case(row) for row in records(found)}


def _absent(con: Connection, wanted: str) -> NotFound:
    known = [str(row[0]) for row in con.execute("SELECT id FROM use_case").fetchall()]
    return not_found("use case", wanted, known=known)


def _row(use_case: UseCase) -> Record:
    return {
        "id": use_case.id,
        "name": use_case.name,
        "problem": use_case.problem,
        "owner": use_case.owner,
        "sponsor": use_case.sponsor,
        "created_at": utc(use_case.created_at),
        "tier": str(use_case.tier),
        "questionnaire": use_case.questionnaire,
        "answers": dump(dict(use_case.answers)),
        "mode": str(use_case.mode),
        "kpis": dump([asdict(kpi) for kpi in use_case.kpis]),
        "value": use_case.value,
        "cost": use_case.cost,
        "currency": use_case.currency,
        "affected": use_case.affected,
        "simulated": use_case.simulated,
        "tags": dump(dict(use_case.tags)),
    }


def _use_case(row: Record) -> UseCase:
    nested: Record = {
        "tier": Tier(row["tier"]),
        "mode": Mode(row["mode"]),
        "answers": load(row["answers"]),
        "kpis": tuple(Kpi(**kpi) for kpi in load(row["kpis"])),
        "tags": load(row["tags"]),
    }
    return UseCase(**row | nested)
