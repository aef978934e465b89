"""Which files a path means, and how they become rows that DuckDB can scan."""

import csv
import glob
import hashlib
import re
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from lifecycle.engines.contract import Column, Filter, Kind, Source
from lifecycle.errors import InvalidInput

FORMATS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".arrow": "arrow",
    ".arrows": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
}
NULL_TEXTS = ("", "NA", "N/A", "NULL", "null")
"""What a CSV cell without a value may hold; DuckDB itself reads NaN as not-a-number."""

NUMERIC = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL\(.*\)")
CATEGORICAL = re.compile(r'VARCHAR|BOOLEAN|ENUM\(.*\)|"NULL"', re.DOTALL)
TEMPORAL = re.compile(r"DATE|TIME.*|INTERVAL")

DATA_FAULTS = (
    duckdb.ConversionException,
    duckdb.DataError,
    duckdb.IOException,
    duckdb.InvalidInputException,
    duckdb.OutOfRangeException,
    duckdb.SerializationException,
    pa.ArrowException,
    OSError,
)
"""What DuckDB and Arrow raise when rows or files, not our SQL, are at fault."""

WHOLE = 9_007_199_254_740_992
"""2**53: beyond it a float no longer tells neighbouring whole numbers apart."""


@dataclass(frozen=True, slots=True)
class FileSet:
    """The files one path stands for, all of one format."""

    label: str
    files: tuple[Path, ...]
    format: str


def find_files(path: str) -> FileSet:
    """Resolve a file, a folder (searched in full) or a glob.

    Raises
    ------
    InvalidInput
        Nothing is there, formats are mixed or unknown, or a file is empty.
    """
    place = Path(path).expanduser()
    if place.is_dir():
        found = [f for f in sorted(place.rglob("*")) if f.is_file() and f.suffix.lower() in FORMATS]
    elif place.exists():
        found = [place]
    else:
        found = sorted(Path(f) for f in glob.glob(str(place), recursive=True) if Path(f).is_file())  # noqa: PTH207 -- Path.glob refuses absolute patterns
    if not found:
        what = "holds no data file" if place.is_dir() else "does not exist"
        raise InvalidInput(f"{path} {what}; expected Parquet, CSV, Arrow/Feather or JSON lines")
    formats = {FORMATS.get(f.suffix.lower(), f.suffix or "no ending") for f in found}
    if len(formats) > 1:
        raise InvalidInput(
            f"{path} mixes formats ({', '.join(sorted(formats))}); give one at a time"
        )
    kind = formats.pop()
    if kind not in FORMATS.values():
        raise InvalidInput(
            f"{path} is of an unknown format ({kind}); expected a name ending in "
            f"{', '.join(sorted(FORMATS))}"
        )
    for file in found:
        if file.stat().st_size == 0:
            raise InvalidInput(f"{file} is empty: expected rows with named columns")
    return FileSet(label=path, files=tuple(found), format=kind)


def content_hash(files: Sequence[Path]) -> str:
    """Return the SHA-256 of a file's bytes; of several files, of sorted names and hashes."""
    hashes: list[tuple[str, str]] = []
    for file in files:
        with file.open("rb") as stream:
            hashes.append((file.name, hashlib.file_digest(stream, "sha256").hexdigest()))
    if len(hashes) == 1:
        return hashes[0][1]
    text = "".join(f"{digest}  {name}\n" for name, digest in sorted(hashes))
    return hashlib.sha256(text.encode()).hexdigest()


def scan(files: FileSet) -> str:
    """Return the table function that reads Parquet, CSV or JSON files."""
    paths = "[" + ", ".join(quote(str(f)) for f in files.files) + "]"
    if files.format == "parquet":
        return f"read_parquet({paths}, hive_partitioning=false)"
    if files.format == "json":
        return f"read_json({paths}, sample_size=-1, hive_partitioning=false)"
    nulls = "[" + ", ".join(quote(text) for text in NULL_TEXTS) + "]"
    options = f"header=true, sample_size=-1, nullstr={nulls}, hive_partitioning=false"
    mark = _delimiter(files.files[0])
    return f"read_csv({paths}, {options}{f', delim={quote(mark)}' if mark else ''})"


def read_arrow(files: FileSet) -> pa.Table:  # pyright: ignore[reportUnknownParameterType] -- pyarrow ships no types
    """Read Arrow or Feather files, in the file or the stream format, memory-mapped."""
    tables: list[pa.Table] = []
    for file in files.files:
        try:
            stream = pa.memory_map(str(file))
            try:
                tables.append(pa.ipc.open_file(stream).read_all())
            except pa.ArrowInvalid:
                stream.seek(0)
                tables.append(pa.ipc.open_stream(stream).read_all())
        except (pa.ArrowException, OSError) as error:
            raise InvalidInput(
                f"{file} is not a readable Arrow file: {first_sentence(error)}"
            ) from error
    try:
        return pa.concat_tables(tables)
    except pa.ArrowException as error:
        raise InvalidInput(f"the files of {files.label} do not hold the same columns") from error


def filtered(
    source: Source, where: Sequence[Filter], *, run: Callable[[str], list[tuple[Any, ...]]]
) -> str:
    """Return the relation of the rows that pass; the values are checked against the types.

    Parameters
    ----------
    run
        Runs SQL and returns its rows.
    """
    if not where:
        return source.relation
    allowed: dict[str, list[str]] = {}
    for item in where:
        column = source.column(item.column)
        literal = quote(item.value)
        if column.kind is not Kind.CATEGORICAL or column.type == "BOOLEAN":
            literal = f"TRY_CAST({literal} AS {column.type})"
            if run(f"SELECT {literal} IS NULL")[0][0]:
                raise InvalidInput(
                    f"column {column.name} of {source.label} is {column.type}, so it never "
                    f"equals {item.value!r}"
                )
        allowed.setdefault(column.name, []).append(literal)
    rule = " AND ".join(
        f"{identifier(name)} IN ({', '.join(values)})" for name, values in allowed.items()
    )
    return f"(SELECT * FROM {source.relation} WHERE {rule})"


def kind_of(type_name: str) -> Kind:
    """Tell what one can do with a column of a DuckDB type."""
    if NUMERIC.fullmatch(type_name):
        return Kind.NUMERIC
    if CATEGORICAL.fullmatch(type_name):
        return Kind.CATEGORICAL
    if type_name == "UUID":
        return Kind.IDENTIFIER
    if TEMPORAL.fullmatch(type_name):
        return Kind.TEMPORAL
    return Kind.OTHER


def columns_of(described: Sequence[Sequence[object]]) -> tuple[Column, ...]:
    """Read the answer of DESCRIBE."""
    return tuple(
        Column(name=str(row[0]), type=str(row[1]), kind=kind_of(str(row[1]))) for row in described
    )


def quote(text: str) -> str:
    """Write a text as an SQL literal, for the places that take no parameter."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Write a column's name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def text_of(column: Column) -> str:
    """Return the SQL that writes a column's value as text, the same for 1, 1.0 and a wide 1."""
    name = identifier(column.name)
    if column.kind is not Kind.NUMERIC or column.integral:
        return f"CAST({name} AS VARCHAR)"
    number = f"CAST({name} AS DOUBLE)"
    whole = f"{number} = round({number}) AND abs({number}) < {WHOLE}"
    return (
        f"CASE WHEN isnan({number}) THEN NULL "
        f"WHEN {whole} THEN CAST(TRY_CAST({number} AS BIGINT) AS VARCHAR) "
        f"ELSE CAST({number} AS VARCHAR) END"
    )


def moment_of(source: Source, timestamp: str) -> str:
    """Return the SQL that reads a column as a time in UTC, null where that is not possible."""
    column = source.column(timestamp)
    name = identifier(timestamp)
    if column.type in {"TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS"}:
        # Nanoseconds with a zone, as pandas writes them, cast to no plain timestamp directly.
        return f"CAST({name} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'"
    if column.type == "DATE" or column.type.startswith("TIMESTAMP"):
        return f"CAST({name} AS TIMESTAMP)"
    if column.type == "VARCHAR":
        return f"TRY_CAST({name} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'"
    raise InvalidInput(
        f"column {timestamp} of {source.label} is {column.type}; expected timestamps such as "
        "2024-01-31 13:00"
    )


def first_sentence(error: Exception) -> str:
    """Return what a library says went wrong, without its position in our own SQL."""
    text = str(error).split("\n\nLINE ")[0]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return re.sub(r"^[A-Za-z ]+ Error: ", "", lines[0]) if lines else type(error).__name__


def unreadable(files: FileSet, error: duckdb.Error) -> InvalidInput:
    """Turn what DuckDB says about a file into one sentence that names it."""
    if files.format == "csv":
        for file in files.files:
            if fault := _csv_fault(file):
                return InvalidInput(f"{file}: {fault}")
    names = {"parquet": "Parquet", "csv": "CSV", "json": "JSON lines"}
    what = f"{files.label} is not readable as {names.get(files.format, files.format)}"
    return InvalidInput(f"{what} (truncated or damaged?): {first_sentence(error)}")


@contextmanager
def readable(source: Source) -> Generator[None]:
    """Say of rows that cannot be read whose they are."""
    try:
        yield
    except DATA_FAULTS as error:
        raise InvalidInput(f"{source.label} cannot be read: {first_sentence(error)}") from error


def _csv_fault(file: Path) -> str | None:
    """Find the first line that is no text, or has another number of values than the header."""
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            reader = csv.reader(stream, delimiter=_delimiter(file) or ",")
            header = next(reader, [])
            for row in reader:
                if row and len(row) != len(header):
                    return (
                        f"line {reader.line_num} holds {len(row)} values, expected "
                        f"{len(header)} as in the header"
                    )
    except UnicodeDecodeError:
        return "expected text in UTF-8"
    except csv.Error as error:
        return f"not a CSV file: {error}"
    return None


def _delimiter(file: Path) -> str | None:
    """Take the delimiter from the header, so that a short row is an error and no other dialect."""
    with file.open(encoding="utf-8", errors="replace") as stream:
        header = stream.readline()
    try:
        return csv.Sniffer().sniff(header, delimiters=",;\t|").delimiter
    except csv.Error:
        return None
