"""What kind of answer a model gives, and which of its labels counts as positive."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from lifecycle.engines import Engine
from lifecycle.engines.contract import Coding, Kind, Source, Tallied
from lifecycle.errors import InvalidInput
from lifecycle.stats.summaries import UNKNOWN, BinaryTally, ErrorTally

MANY_LABELS = 200
"""More different labels than this are no classes."""

BINARY_CODES = (("0", "1"), ("false", "true"))
"""Codings whose second value is positive without anybody saying so."""

INFINITE = ("inf", "-inf")
"""How an infinity reads, which is no label."""

TWO = 2


class Task(StrEnum):
    """The kinds of answers whose quality is measured differently."""

    BINARY = "binary"
    CLASSES = "classes"
    REGRESSION = "regression"


@dataclass(frozen=True, slots=True)
class Roles:
    """Which columns hold outcomes and answers, and how they are coded.

    Parameters
    ----------
    class_scores
        The score column of each class.
    positive, positive_prediction
        The target's and the prediction's positive label, where the coding does not say.
    task
        The kind of answer; recognised from the columns when ``None``.
    """

    target: str
    prediction: str | None = None
    score: str | None = None
    class_scores: Mapping[str, str] = field(default_factory=dict[str, str])
    positive: str | None = None
    positive_prediction: str | None = None
    task: str | None = None


@dataclass(frozen=True, slots=True)
class Codings:
    """The coding of target and prediction, and what was assumed about them.

    Parameters
    ----------
    labels, decisions
        The values they were read off.
    """

    label: Coding
    decision: Coding | None
    notices: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()

    @property
    def closed(self) -> "Codings":
        """The same, where any value that was not seen is not known.

        With so many values that any other may be one more, every other value stays negative.
        """
        decision, alike = self.decision, (*self.labels, *self.decisions)
        if decision is None or decision.positive != self.label.positive:
            label = _closed(self.label, self.labels)
            return replace(
                self, label=label, decision=decision and _closed(decision, self.decisions)
            )
        return replace(self, label=_closed(self.label, alike), decision=_closed(decision, alike))


def recognise(engine: Engine, source: Source, *, roles: Roles) -> Task:
    """Tell the kind of answer from the columns, unless the roles say it.

    A numeric target with more than two values and a numeric prediction without a score is a
    regression; two labels, a positive label or a single score make it binary.
    """
    if roles.task:
        if roles.task not in list(Task):
            raise InvalidInput(f"task {roles.task!r} is not one of {', '.join(Task)}")
        return Task(roles.task)
    if roles.class_scores:
        return Task.CLASSES
    if roles.positive is not None or roles.score:
        return Task.BINARY
    target = source.column(roles.target)
    if len(engine.values(source, roles.target, limit=3)) <= TWO:
        return Task.BINARY
    if roles.prediction and {target.kind, source.column(roles.prediction).kind} == {Kind.NUMERIC}:
        return Task.REGRESSION
    return Task.CLASSES


def binary_codings(engine: Engine, source: Source, *, roles: Roles) -> Codings:
    """Decide what is positive in target and prediction.

    Raises
    ------
    InvalidInput
        The positive label never occurs, or nothing says which label is positive.
    """
    if roles.prediction is None and roles.score is None:
        raise InvalidInput("give --prediction, --score or both: there is nothing to measure")
    seen = [value for value, _ in engine.values(source, roles.target, limit=MANY_LABELS)]
    label = Coding(roles.target, _positive_label(source, seen, roles=roles))
    notices = _lumped(seen, coding=label)
    if roles.prediction is None:
        return Codings(label=label, decision=None, notices=notices, labels=tuple(seen))
    decided = [v for v, _ in engine.values(source, roles.prediction, limit=MANY_LABELS)]
    positive = _positive_decision(source, decided, labels=seen, label=label, roles=roles)
    decision = Coding(roles.prediction, positive)
    notices += _lumped(decided, coding=decision)
    if roles.positive_prediction is None and positive != label.positive and positive in seen:
        taken = f"yet {positive} is taken as its positive decision"
        say = f"say --positive-prediction {label.positive} if it is that"
        notices += (f"{roles.prediction} is coded like {roles.target}, {taken}; {say}",)
    return Codings(label, decision, notices, labels=tuple(seen), decisions=tuple(decided))


def declared(engine: Engine, source: Source, *, roles: Roles) -> Codings:
    """Take the positive label as it was declared, where a source never holds it."""
    label = Coding(roles.target, roles.positive or "")
    seen = tuple(v for v, _ in engine.values(source, roles.target, limit=MANY_LABELS))
    if roles.prediction is None:
        return Codings(label, None, labels=seen)
    decided = tuple(v for v, _ in engine.values(source, roles.prediction, limit=MANY_LABELS))
    decision = Coding(roles.prediction, _coded(decided) or label.positive)
    return Codings(label, decision, labels=seen, decisions=decided)


def unknown(engine: Engine, source: Source, *, codings: Codings) -> tuple[str, ...]:
    """Say which values of a source its codings do not know, and in how many rows."""
    told: list[str] = []
    for coding in (codings.label, codings.decision):
        if coding is None or coding.negatives is None or coding.column not in source.names:
            continue
        held = engine.values(source, coding.column, limit=MANY_LABELS)
        strange = {value: n for value, n in held if value not in coding.values}
        if strange:
            told.append(
                f"{sum(strange.values())} rows of {source.label} hold {_listed([*strange])} in "
                f"{coding.column}, which the reference does not: they count as not known"
            )
    return tuple(told)


def class_names(engine: Engine, source: Source, *, roles: Roles) -> tuple[str, ...]:
    """Return every class that occurs as label or prediction, in order of their names."""
    if roles.prediction is None:
        raise InvalidInput("give --prediction: classes are compared with what was predicted")
    names: set[str] = set(roles.class_scores)
    for column in (roles.target, roles.prediction):
        found = engine.values(source, column, limit=MANY_LABELS + 1)
        if len(found) > MANY_LABELS:
            raise InvalidInput(
                f"column {column} of {source.label} holds more than {MANY_LABELS} different "
                "values; expected classes, or numbers in both target and prediction"
            )
        names.update(value for value, _ in found)
    for name in roles.class_scores:
        if not engine_holds(engine, source, roles.target, value=name):
            raise InvalidInput(
                f"class {name!r} of --score never occurs in column {roles.target} of "
                f"{source.label}; classes seen: {', '.join(sorted(names - {name}))}"
            )
    return tuple(sorted(names))


def left_out(tallied: Iterable[Tallied]) -> tuple[str, ...]:
    """Say how many rows could not be used, and why."""
    whole = [t.tally for t in tallied if not t.slice]
    rows = sum(tally.rows for tally in whole)
    without = dict.fromkeys(
        ("no outcome", "no decision", "no score between 0 and 1", "no finite prediction"), 0
    )
    for tally in whole:
        if isinstance(tally, BinaryTally):
            without["no outcome"] += tally.rows - tally.labelled
            undecided = int(tally.decisions[:, UNKNOWN].sum())
            without["no decision"] += undecided if undecided < tally.rows else 0
            without["no score between 0 and 1"] += tally.invalid_scores
        else:
            without["no outcome"] += tally.unlabelled
        if isinstance(tally, ErrorTally):
            without["no finite prediction"] += tally.invalid
    return tuple(
        f"{count} of {rows} rows have {what} and are left out of what needs it"
        for what, count in without.items()
        if count
    )


def engine_holds(engine: Engine, source: Source, column: str, *, value: str) -> bool:
    """Tell whether a column holds a value."""
    return value in {v for v, _ in engine.values(source, column, limit=MANY_LABELS)}


def _lumped(seen: Sequence[str], *, coding: Coding) -> tuple[str, ...]:
    """Say so when several values together are the negative ones."""
    others = [value for value in seen if value not in {coding.positive, *INFINITE}]
    if len(others) <= 1:
        return ()
    return (f"{_listed(others)} in {coding.column} all count as not {coding.positive!r}",)


def _closed(coding: Coding, seen: Sequence[str]) -> Coding:
    if len(seen) >= MANY_LABELS:
        return coding
    negatives = {*seen, *_partner(coding.positive)} - {coding.positive}
    return replace(coding, negatives=tuple(sorted(negatives)))


def _partner(positive: str) -> list[str]:
    """Return the other value of a 0/1 or true/false coding, however it is capitalised."""
    codes = next((codes for codes in BINARY_CODES if positive.casefold() in codes), ())
    others = [code for code in codes if code != positive.casefold()]
    return [form for code in others for form in (code, code.capitalize(), code.upper())]


def _positive_label(source: Source, seen: Sequence[str], *, roles: Roles) -> str:
    if roles.positive is not None:
        return _known(roles.positive, seen, column=roles.target, source=source)
    positive = _coded(seen)
    if positive is None:
        raise InvalidInput(
            f"column {roles.target} of {source.label} holds {_listed(seen)}: say which label is "
            "positive with --positive"
        )
    return positive


def _positive_decision(
    source: Source, decided: Sequence[str], *, labels: Sequence[str], label: Coding, roles: Roles
) -> str:
    column = roles.prediction or ""
    if roles.positive_prediction is not None:
        return _known(roles.positive_prediction, decided, column=column, source=source)
    coded = _coded(decided)
    if coded is not None:
        return coded
    if label.positive in decided or set(decided) <= set(labels):
        return label.positive
    raise InvalidInput(
        f"column {column} of {source.label} holds {_listed(decided)}, not 0/1 or the labels of "
        f"{roles.target}: say which one is positive with --positive-prediction"
    )


def _known(wanted: str, seen: Sequence[str], *, column: str, source: Source) -> str:
    for value in seen:
        if value == wanted:
            return value
    folded = [value for value in seen if value.casefold() == wanted.casefold()]
    if len(folded) == 1:
        return folded[0]
    if seen and set(seen) <= set(_partner(wanted)):
        return wanted  # no slip of the pen: these rows hold the other outcome alone
    raise InvalidInput(
        f"label {wanted!r} never occurs in column {column} of {source.label}; it holds "
        f"{_listed(seen)}"
    )


def _coded(seen: Sequence[str]) -> str | None:
    """Return the positive value of a 0/1 or true/false column as it is written there."""
    folded = {value.casefold(): value for value in seen}
    for codes in BINARY_CODES:
        if len(folded) == len(seen) and set(folded) <= set(codes):
            return folded.get(codes[1], codes[1])
    return None


def _listed(seen: Sequence[str]) -> str:
    shown = ", ".join(repr(value) for value in seen[:8])
    return (shown + (" and others" if len(seen) > len(seen[:8]) else "")) or "no value"
