"""How a rule between columns becomes SQL: each part written out by its kind, nothing passed on."""

from datetime import UTC, datetime
from enum import Enum

from lifecycle.domain.row_rule import COMPARISONS, Joined, Missing, Name, Negated, Node, Value
from lifecycle.engines.contract import Kind, Source
from lifecycle.engines.profiling import moment_of, text_of
from lifecycle.engines.reading import identifier, quote
from lifecycle.errors import InvalidInput


class _Of(Enum):
    """What a part of a rule is."""

    NUMBER = "a number"
    TEXT = "a text"
    TRUTH = "true or false"
    TIME = "a time"


def sql_of(node: Node, source: Source) -> str:
    """Return the SQL that is true, false or, where a value is missing, null for a row.

    Times count in seconds, so that ``arrived - left >= 60`` means a minute.

    Raises
    ------
    InvalidInput
        A column is not there, or two parts cannot be compared or reckoned with.
    """
    return _written(node, source)[0]


def _written(node: Node, source: Source) -> tuple[str, _Of]:
    if isinstance(node, Name):
        return _column(node.column, source)
    if isinstance(node, Value):
        if isinstance(node.value, str):
            return quote(node.value), _Of.TEXT
        return f"CAST({node.value!r} AS DOUBLE)", _Of.NUMBER
    if isinstance(node, Missing):
        return f"(({_written(node.part, source)[0]}) IS NULL)", _Of.TRUTH
    if isinstance(node, Negated):
        sql, of = _written(node.part, source)
        _want(of, _Of.TRUTH if node.operator == "not" else _Of.NUMBER, operator=node.operator)
        return f"({node.operator} {sql})", of
    return _joined(node, source)


def _column(name: str, source: Source) -> tuple[str, _Of]:
    column = source.column(name)
    if column.kind is Kind.NUMERIC:
        number = f"CAST({identifier(name)} AS DOUBLE)"
        if column.integral:
            return number, _Of.NUMBER
        return f"(CASE WHEN isnan({number}) THEN NULL ELSE {number} END)", _Of.NUMBER
    if column.kind is Kind.TEMPORAL:
        return f"epoch({moment_of(source, name)})", _Of.TIME
    if column.type == "BOOLEAN":
        return identifier(name), _Of.TRUTH
    return text_of(column), _Of.TEXT


def _joined(node: Joined, source: Source) -> tuple[str, _Of]:
    (left, one), (right, other) = _written(node.left, source), _written(node.right, source)
    operator = node.operator
    if operator in {"and", "or"}:
        _want(one, _Of.TRUTH, operator=operator)
        _want(other, _Of.TRUTH, operator=operator)
        return f"({left} {operator} {right})", _Of.TRUTH
    if operator in COMPARISONS:
        left, one = _as_time(node.left, left, one, beside=other)
        right, other = _as_time(node.right, right, other, beside=one)
        if one is not other:
            raise InvalidInput(f"a rule compares {one.value} with {other.value}")
        return f"({left} {'<>' if operator == '!=' else operator} {right})", _Of.TRUTH
    return _reckoned(operator, (left, one), (right, other))


def _reckoned(operator: str, left: tuple[str, _Of], right: tuple[str, _Of]) -> tuple[str, _Of]:
    """Write arithmetic; the difference of two times is a number of seconds."""
    kinds = (left[1], right[1])
    if operator == "-" and kinds == (_Of.TIME, _Of.TIME):
        return f"({left[0]} - {right[0]})", _Of.NUMBER
    if operator in {"+", "-"} and kinds == (_Of.TIME, _Of.NUMBER):
        return f"({left[0]} {operator} {right[0]})", _Of.TIME
    for of in kinds:
        _want(of, _Of.NUMBER, operator=operator)
    divisor = f"nullif({right[0]}, 0)" if operator == "/" else right[0]
    return f"({left[0]} {operator} {divisor})", _Of.NUMBER


def _as_time(node: Node, sql: str, of: _Of, *, beside: _Of) -> tuple[str, _Of]:
    """Read a text that is compared with a time as one; without a zone it is UTC."""
    if of is not _Of.TEXT or beside is not _Of.TIME or not isinstance(node, Value):
        return sql, of
    try:
        moment = datetime.fromisoformat(str(node.value))
    except ValueError as error:
        raise InvalidInput(f"a rule compares a time with {node.value!r}, which is none") from error
    moment = moment.replace(tzinfo=moment.tzinfo or UTC)
    return f"CAST({moment.timestamp()!r} AS DOUBLE)", _Of.TIME


def _want(of: _Of, wanted: _Of, *, operator: str) -> None:
    if of is not wanted:
        raise InvalidInput(f"a rule needs {wanted.value} beside {operator!r}, not {of.value}")
