"""What a decision's reasons are called, and what a person could change: a versioned dictionary."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import cast

from lifecycle.errors import InvalidInput

PRINCIPAL = 4
"""Reasons stated unless the dictionary says otherwise; 12 CFR 1002, comment 9(b)(2)-1 holds that
more than four are unlikely to help."""

WORTH_SAYING = 0.05
"""Share of all adverse push below which a reason is not a principal one; ours."""


class Adverse(StrEnum):
    """Which answers of the model are bad for the person."""

    HIGHER = "higher"
    LOWER = "lower"


class Change(StrEnum):
    """What a person can do about a column."""

    FREE = "free"
    UP = "up"
    DOWN = "down"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a column means to the person who was decided on.

    Parameters
    ----------
    raises, lowers
        The reason in plain words where the column pushed the answer up, or down.
    change
        Whether and in which direction the person can change it.
    least, most
        Values beyond which no change is suggested.
    """

    raises: str = ""
    lowers: str = ""
    change: Change = Change.FREE
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """One principal reason.

    Parameters
    ----------
    columns
        What it stands for; columns with the same words are one reason.
    contribution
        Sum of their SHAP values.
    share
        Of everything that pushed the answer to the adverse side, 0 to 1.
    """

    text: str
    columns: tuple[str, ...]
    contribution: float
    share: float


@dataclass(frozen=True, slots=True)
class ReasonDictionary:
    """The words and constraints of one model, in one version of them.

    Parameters
    ----------
    version
        From 1; 0 where nobody wrote one, and reasons name columns.
    """

    version: int = 0
    adverse: Adverse = Adverse.HIGHER
    principal: int = PRINCIPAL
    columns: Mapping[str, Meaning] = field(default_factory=dict[str, Meaning])

    def meaning(self, column: str) -> Meaning:
        """Return what is known of a column."""
        return self.columns.get(column, Meaning())

    def reasons(self, shares: Mapping[str, float], values: Mapping[str, str]) -> tuple[Reason, ...]:
        """Return the principal reasons of one decision, the strongest first.

        Parameters
        ----------
        shares
            SHAP value by column.
        values
            The row's values as text, for columns that have no words.
        """
        up = self.adverse is Adverse.HIGHER
        adverse = {name: v for name, v in shares.items() if (v > 0 if up else v < 0)}
        whole = sum(abs(v) for v in adverse.values())
        said: dict[str, list[str]] = {}
        for name in sorted(adverse, key=lambda n: -abs(adverse[n])):
            said.setdefault(self._words(name, values.get(name, ""), up=up), []).append(name)
        found = [
            Reason(text, tuple(names), total, abs(total) / whole)
            for text, names in said.items()
            for total in (sum(adverse[name] for name in names),)
        ]
        found = [reason for reason in found if reason.share >= WORTH_SAYING]
        return tuple(sorted(found, key=lambda r: -abs(r.contribution))[: self.principal])

    def standing(self, decision: Mapping[str, object] | None) -> str:
        """Say on which side of the threshold a case fell, and whether that is adverse.

        Parameters
        ----------
        decision
            ``score``, ``threshold`` and ``positive``; ``None`` where no threshold decides.
        """
        side = f"{self.adverse} answers are {'' if self.version else 'taken for '}adverse"
        if decision is None:
            return f"no threshold decides here; {side}, and reasons are what pushed that way"
        positive = bool(decision["positive"])
        place = "at or above" if positive else "below"
        said = f"score {decision['score']:.4g}, {place} the threshold {decision['threshold']:.4g}"
        if positive is (self.adverse is Adverse.HIGHER):
            return f"{said}: an adverse decision, because {side}"
        return (
            f"{said}: not an adverse decision, because {side}; reasons are what spoke against it "
            "all the same"
        )

    def _words(self, column: str, value: str, *, up: bool) -> str:
        meaning = self.meaning(column)
        text = meaning.raises if up else meaning.lowers
        return text or f"{column} is {value or 'missing'}"


def parse(given: object, *, version: int) -> ReasonDictionary:
    """Read a dictionary as YAML or JSON gives it.

    Raises
    ------
    InvalidInput
        An unknown key, a word that is none, or a number where none belongs; the sentence names it.
    """
    body = _mapping(given, what="a dictionary of reasons")
    _known(body, {"adverse", "principal", "columns"}, where="the dictionary")
    principal = body.get("principal", PRINCIPAL)
    if not isinstance(principal, int) or isinstance(principal, bool) or principal < 1:
        raise InvalidInput(f"principal is a number of reasons from 1, not {principal!r}")
    columns = _mapping(body.get("columns", {}), what="columns")
    return ReasonDictionary(
        version=version,
        adverse=_adverse(body.get("adverse", Adverse.HIGHER)),
        principal=principal,
        columns={name: _meaning(name, held) for name, held in columns.items()},
    )


def _meaning(name: str, given: object) -> Meaning:
    body = _mapping(given, what=f"column {name}")
    _known(body, {"raises", "lowers", "change", "least", "most"}, where=f"column {name}")
    bounds: dict[str, float | None] = {}
    for key in ("least", "most"):
        bound = body.get(key)
        if bound is not None and (isinstance(bound, bool) or not isinstance(bound, int | float)):
            raise InvalidInput(f"{key} of column {name} is a number, not {bound!r}")
        bounds[key] = None if bound is None else float(bound)
    change = body.get("change", Change.FREE)
    if change not in set(Change):
        raise InvalidInput(f"change of column {name} is one of {', '.join(Change)}, not {change!r}")
    return Meaning(
        raises=_text(body.get("raises", ""), where=f"raises of column {name}"),
        lowers=_text(body.get("lowers", ""), where=f"lowers of column {name}"),
        change=Change(str(change)),
        least=bounds["least"],
        most=bounds["most"],
    )


def _adverse(given: object) -> Adverse:
    if given not in set(Adverse):
        raise InvalidInput(f"adverse is one of {', '.join(Adverse)}, not {given!r}")
    return Adverse(str(given))


def _mapping(given: object, *, what: str) -> Mapping[str, object]:
    if not isinstance(given, Mapping):
        raise InvalidInput(f"{what} is a table of keys and values, not {given!r}")
    return {str(key): value for key, value in cast("Mapping[object, object]", given).items()}


def _known(body: Mapping[str, object], keys: set[str], *, where: str) -> None:
    for key in body:
        if key not in keys:
            raise InvalidInput(f"{where} has no key {key!r}; known: {', '.join(sorted(keys))}")


def _text(given: object, *, where: str) -> str:
    if not isinstance(given, str):
        raise InvalidInput(f"{where} is text, not {given!r}")
    return given.strip()
