"""What happened in production: logged predictions, and the outcomes that arrive later."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute

from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.model import Columns, Task, Version
from lifecycle.engines import rows
from lifecycle.engines.contract import Kind
from lifecycle.engines.reading import kind_of
from lifecycle.errors import InvalidInput
from lifecycle.services import sensitive_data
from lifecycle.services.access.places import require_for
from lifecycle.store import audit, datasets, log_schemas, logs, models, monitors
from lifecycle.store.connection import Connection, Workspace
from lifecycle.store.sensitive import Split

pc: Any = pyarrow.compute  # its functions are made at run time and have no types

TIME = pa.timestamp("us", tz="UTC")
A_TIME = "a time such as 2024-01-31 13:00"

_Names: TypeAlias = Mapping[str, str | None]
"""Name in the log to name in the file."""


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What an ingestion took in.

    Parameters
    ----------
    days
        Days of predictions that were touched.
    matched, unmatched
        Outcomes whose id is in a prediction log of the model, and those whose id is in none.
    """

    rows: int
    days: int
    files: int
    matched: int = 0
    unmatched: int = 0


def predictions(
    ws: Workspace,
    model_id: str,
    version: str,
    files: Sequence[Path],
    *,
    timestamp: str,
    id: str,  # noqa: A002 -- the option is called so
    score: str | None = None,
    prediction: str | None = None,
    by: Actor,
    at: datetime,
) -> IngestResult:
    """Append rows that a version scored to its prediction log; all files, or none of them.

    Parameters
    ----------
    files
        Parquet, CSV, Arrow/Feather or JSON lines.
    timestamp, id
        Columns with the time of scoring (without a zone it is UTC) and a key unique in the log.
    score, prediction
        Columns with the model's answers; those the version declares unless given.

    Raises
    ------
    InvalidInput
        A file or column cannot be used; the sentence names file, column and row.
    NotFound
        There is no such version.
    """
    require_for(ws.cursor(), model_id, Permission.REGISTER, by=by)
    _some(files)
    con = ws.cursor()
    regression = models.get(con, model_id).task is Task.REGRESSION
    logged = models.version(con, model_id, version)
    served = _served(con, logged.id)
    by_class = dict.fromkeys(logged.columns.class_scores.values(), Kind.NUMERIC)
    kinds = {**_kinds(con, logged.reference), **served, **by_class}
    names = {"lc_at": timestamp, "lc_id": id, "score": score, "prediction": prediction}
    given = [_File(str(file), rows.read(str(file))) for file in files]
    tables = [
        _prediction_rows(
            file,
            logged=logged,
            kinds=kinds,
            served=served,
            regression=regression,
            names=names,
        )
        for file in given
    ]
    count = sum(table.num_rows for table in tables)
    split = Split(sensitive_data.columns_of(logged), at)
    with ws.transaction() as tx:
        for file, table in zip(given, tables, strict=True):
            first = pc.min(table["lc_at"]).as_py()
            log_schemas.note(tx, logged.id, file.table.schema, first_at=first, at=at)
        days = {
            day
            for file, table in zip(files, tables, strict=True)
            for day in _named(
                file, lambda t=table: logs.write_predictions(tx, ws, logged.id, t, split=split)
            )
        }
        details = {"rows": count, "days": len(days), "files": [file.name for file in files]}
        audit.append(tx, _event("predictions.ingest", f"version:{logged.id}", details, by, at))
    return IngestResult(rows=count, days=len(days), files=len(files))


def outcomes(
    ws: Workspace,
    model_id: str,
    files: Sequence[Path],
    *,
    id: str,  # noqa: A002 -- the option is called so
    target: str,
    known_at: str | None = None,
    by: Actor,
    at: datetime,
) -> IngestResult:
    """Append outcomes of a model's predictions, however late; all files, or none of them.

    Outcomes whose id no log holds are kept as well, and counted: their predictions may follow.

    Parameters
    ----------
    target
        Column with what really happened.
    known_at
        Column with the time it became known; now unless given.

    Raises
    ------
    InvalidInput
        A file or column cannot be used, or an id comes twice; the sentence names file and row.
    NotFound
        There is no such model.
    """
    require_for(ws.cursor(), model_id, Permission.REGISTER, by=by)
    _some(files)
    con = ws.cursor()
    model = models.get(con, model_id)
    tables = [
        _outcome_rows(
            _File(str(file), rows.read(str(file))),
            id_column=id,
            target=target,
            known_at=known_at,
            at=at,
            numeric=model.task is Task.REGRESSION,
        )
        for file in files
    ]
    ids = pa.concat_tables([table.select(["lc_id"]) for table in tables])["lc_id"]
    with ws.transaction() as tx:
        made = [file for v in models.versions(tx, model_id) for file in logs.files(tx, v.id)]
        matched = len(rows.ids(made, among=ids))
        days = {
            day
            for file, table in zip(files, tables, strict=True)
            for day in _named(file, lambda t=table: logs.write_outcomes(tx, ws, model_id, t))
        }
        details = {
            "rows": len(ids),
            "matched": matched,
            "unmatched": len(ids) - matched,
            "files": [file.name for file in files],
        }
        audit.append(tx, _event("outcomes.ingest", f"model:{model_id}", details, by, at))
    return IngestResult(
        rows=len(ids),
        days=len(days),
        files=len(files),
        matched=matched,
        unmatched=len(ids) - matched,
    )


@dataclass(frozen=True, slots=True)
class _File:
    """A file's rows, and how sentences call it."""

    label: str
    table: pa.Table

    def column(self, name: str) -> Any:
        """Return a column's values, dictionaries unfolded."""
        if name not in self.table.column_names:
            there = self.table.column_names
            close = get_close_matches(name, there, n=3) or there[:8]
            raise InvalidInput(f"{self.label} has no column {name!r}; there is: {', '.join(close)}")
        values = self.table[name]
        if pa.types.is_dictionary(values.type):
            return pc.cast(values, values.type.value_type)
        return values

    def refuse(self, name: str, row: int, *, value: object, wanted: str) -> InvalidInput:
        """Return the sentence about one value; rows are counted from one."""
        held = "nothing" if value is None else repr(value)
        where = f"row {row + 1} of {self.label}"
        return InvalidInput(f"{where}: column {name} holds {held}, expected {wanted}")


def _some(files: Sequence[Path]) -> None:
    if not files:
        raise InvalidInput("no file was given")


def _named(file: Path, write: Callable[[], list[Any]]) -> list[Any]:
    """Write rows; what the store refuses about them names the file as well."""
    try:
        return write()
    except InvalidInput as error:
        raise InvalidInput(f"{file}: {error}") from error


def _prediction_rows(
    file: _File,
    *,
    logged: Version,
    kinds: Mapping[str, Kind],
    served: Iterable[str],
    regression: bool,
    names: _Names,
) -> Any:
    """Give a file's columns the names the log uses; keep features, groups and service columns."""
    columns, there = logged.columns, file.table.column_names
    for answer, declared in (("score", columns.score), ("prediction", columns.prediction)):
        if names[answer] is None and declared in there:
            names = {**names, answer: declared}
    made: dict[str, Any] = {
        "lc_id": _ids(file, names["lc_id"] or ""),
        "lc_at": _times(file, names["lc_at"] or ""),
    }
    if names["score"] is not None:
        made["score"] = _numbers(file, names["score"])
    if names["prediction"] is not None:
        read = _numbers if regression else _labels
        made["prediction"] = read(file, names["prediction"])
    for name in _kept(file, columns=columns, served=served, mapped=names):
        if name in made:
            raise InvalidInput(f"{file.label}: column {name!r} has a name that the log needs")
        kind = Kind.CATEGORICAL if name in columns.categorical else kinds.get(name)
        made[name] = _like(file, name, kind=kind)
    return pa.table(made)


def _kinds(con: Connection, reference: str | None) -> dict[str, Kind]:
    """Return what the columns of the reference hold, so that the log holds the same."""
    if reference is None:
        return {}
    return {c.name: kind_of(c.type) for c in datasets.snapshot(con, reference).columns}


def _like(file: _File, name: str, *, kind: Kind | None) -> Any:
    """Read a column as its reference has it; numbers as doubles, so that all files agree."""
    values = file.column(name)
    if kind is Kind.NUMERIC or (kind is None and _is_numeric(values.type)):
        return _numbers(file, name)
    temporal = pa.types.is_temporal(values.type) or pa.types.is_nested(values.type)
    return values if temporal else _labels(file, name)


def _served(con: Connection, version_id: str) -> dict[str, Kind]:
    """Return the log's columns that the version's monitor reads about the service."""
    monitor = monitors.current(con, version_id)
    if monitor is None or monitor.service is None:
        return {}
    kinds = {monitor.service.latency: Kind.NUMERIC, monitor.service.status: Kind.CATEGORICAL}
    return {name: kind for name, kind in kinds.items() if name is not None}


def _kept(file: _File, *, columns: Columns, served: Iterable[str], mapped: _Names) -> list[str]:
    """Name the columns that stay beside id, time and answers."""
    there = file.table.column_names
    if not columns.features:
        given = {*mapped.values(), columns.target}
        return [name for name in there if name not in given]
    for name in columns.features:
        file.column(name)
    beside = [
        n for n in (*columns.class_scores.values(), *columns.sensitive, *served) if n in there
    ]
    return list(dict.fromkeys((*columns.features, *beside)))


def _outcome_rows(
    file: _File,
    *,
    id_column: str,
    target: str,
    known_at: str | None,
    at: datetime,
    numeric: bool,
) -> Any:
    ids = _ids(file, id_column)
    found = _numbers(file, target) if numeric else _labels(file, target)
    _refuse_empty(file, target, found, wanted="an outcome")
    known = _times(file, known_at) if known_at else pa.array([at] * len(ids), TIME)
    return pa.table({"lc_id": ids, "outcome": found, "known_at": known})


def _refuse_empty(file: _File, name: str, values: Any, *, wanted: str) -> None:
    if values.null_count:
        row = pc.index(pc.is_null(values), value=True).as_py()
        raise file.refuse(name, row, value=None, wanted=wanted)


def _ids(file: _File, name: str) -> Any:
    """Read a column of ids as text; every row needs one."""
    found = _labels(file, name)
    _refuse_empty(file, name, found, wanted="an id")
    return found


def _labels(file: _File, name: str) -> Any:
    """Read labels as text: the same for 7 and 7.0, truth values as true and false."""
    values = file.column(name)
    if not _is_numeric(values.type) or pa.types.is_integer(values.type):
        return pc.cast(values, pa.string())
    numbers = pc.cast(values, pa.float64())
    numbers = pc.if_else(pc.is_nan(numbers), pa.scalar(None, pa.float64()), numbers)
    whole = pc.all(pc.equal(numbers, pc.round(numbers)), skip_nulls=True).as_py()
    return pc.cast(pc.cast(numbers, pa.int64()) if whole else numbers, pa.string())


def _is_numeric(kind: Any) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def _numbers(file: _File, name: str) -> Any:
    """Read numbers as doubles; a text that is none is refused with its row."""
    values = file.column(name)
    if _is_numeric(values.type) or pa.types.is_null(values.type):
        return pc.cast(values, pa.float64(), safe=False)
    if pa.types.is_boolean(values.type):
        return pc.cast(pc.cast(values, pa.int8()), pa.float64())
    numbers: list[float | None] = []
    for row, value in enumerate(values.to_pylist()):
        try:
            numbers.append(None if value is None else float(value))
        except (TypeError, ValueError) as error:
            raise file.refuse(name, row, value=value, wanted="a number") from error
    return pa.array(numbers, pa.float64())


def _times(file: _File, name: str) -> Any:
    """Read a column of times in UTC; every row needs one."""
    values = file.column(name)
    kind = values.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        zone = kind.tz if pa.types.is_timestamp(kind) else None
        found = pc.cast(values, pa.timestamp("us", tz=zone), safe=False)
        found = pc.cast(found, TIME) if zone else pc.assume_timezone(found, "UTC")
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        found = _parsed(file, name, values)
    else:
        raise InvalidInput(
            f"column {name} of {file.label} holds values of type {kind}, expected {A_TIME}"
        )
    _refuse_empty(file, name, found, wanted=A_TIME)
    return found


def _parsed(file: _File, name: str, values: Any) -> Any:
    moments: list[datetime | None] = []
    for row, text in enumerate(values.to_pylist()):
        try:
            moment = None if text is None else datetime.fromisoformat(text.strip())
        except ValueError as error:
            raise file.refuse(name, row, value=text, wanted=A_TIME) from error
        # A time without a zone is in UTC.
        moments.append(moment.replace(tzinfo=moment.tzinfo or UTC) if moment else None)
    return pa.array(moments, TIME)


def _event(
    action: str, subject: str, details: dict[str, Any], by: Actor, at: datetime
) -> AuditEvent:
    return AuditEvent(action, subject, by.name, at, via=by.via, details=details)
