"""What rows must be like to enter a log; a refusal names the column and the row, from one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lifecycle.errors import InvalidInput
from lifecycle.store.arrays import Schema, Table
from lifecycle.store.cells import Connection, first

kernels: Any = pc  # made when it is imported, where no type checker sees them

TIME = pa.timestamp("us", tz="UTC")


def checked(table: Table, *, times: Sequence[str]) -> Table:
    """Return the rows with ids as text and times in UTC.

    Raises
    ------
    InvalidInput
        No rows; a column is missing, of the wrong type, or empty in some row.
    """
    if table.num_rows == 0:
        raise InvalidInput("there are no rows")
    for name in ("lc_id", *times):
        if name not in table.column_names:
            raise InvalidInput(f"there is no column {name!r}")
    table = _with(table, "lc_id", _filled("lc_id", _text(table["lc_id"])))
    for name in times:
        table = _with(table, name, _filled(name, _time(name, table[name])))
    return table


def _with(table: Table, name: str, values: Any) -> Table:
    return table.set_column(table.column_names.index(name), name, values)


def _text(values: Any) -> Any:
    try:
        return pc.cast(values, pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InvalidInput(f"column 'lc_id' must hold text, not {values.type}") from error


def _time(name: str, values: Any) -> Any:
    if not pa.types.is_timestamp(values.type):
        raise InvalidInput(f"column {name!r} must hold times, not {values.type}")
    if values.type.tz is None:
        values = kernels.assume_timezone(values, "UTC")
    return pc.cast(values, TIME, safe=False)  # the database keeps microseconds


def _filled(name: str, values: Any) -> Any:
    if values.null_count:
        row = pc.index(kernels.is_null(values), value=True).as_py() + 1
        raise InvalidInput(f"column {name!r} is empty in row {row}")
    return values


def conformed(table: Table, schema: Schema, *, where: str) -> Table:
    """Return the rows with the types that their columns have in the log already.

    Raises
    ------
    InvalidInput
        A column holds values that the log's type cannot take.
    """
    for name in table.column_names:
        if name not in schema.names or table.schema.field(name).type == schema.field(name).type:
            continue
        wanted = schema.field(name).type
        try:
            table = _with(table, name, pc.cast(table[name], wanted))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            given = table.schema.field(name).type
            raise InvalidInput(
                f"column {name!r} is {given} here and {wanted} in {where}, and does not convert"
            ) from error
    return table


def refuse_repeated(tx: Connection, table: Table, *, known: Sequence[Path], where: str) -> None:
    """Refuse ids that occur twice in the rows, or in the files of the log.

    Raises
    ------
    InvalidInput
        The sentence names the id and its row.
    """
    given = pa.table({"lc_id": table["lc_id"], "number": pa.array(range(1, table.num_rows + 1))})
    tx.register("given", given)
    try:
        row = first(
            tx.execute(
                """
                SELECT lc_id, number, min(number) OVER (PARTITION BY lc_id) AS earlier FROM given
                QUALIFY number > earlier ORDER BY number LIMIT 1
                """
            )
        )
        if row:
            raise InvalidInput(
                f"row {row['number']} repeats the id {row['lc_id']!r} of row {row['earlier']}"
            )
        row = (
            None
            if not known
            else first(
                tx.execute(
                    """
                SELECT lc_id, number FROM given
                SEMI JOIN read_parquet($files, hive_partitioning = false) USING (lc_id)
                ORDER BY number LIMIT 1
                """,
                    {"files": [str(file) for file in known]},
                )
            )
        )
        if row:
            raise InvalidInput(
                f"row {row['number']}: the id {row['lc_id']!r} is in {where} already"
            )
    finally:
        tx.unregister("given")
