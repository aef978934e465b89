"""One row of a file, explained without a workspace: what moved its answer, what would change it."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from lifecycle.domain.measurement import Measurement, State
from lifecycle.domain.reasons import ReasonDictionary, parse
from lifecycle.errors import InvalidInput
from lifecycle.services.analysis.result import Result, side
from lifecycle.services.explanation.decisions import RUN, limits_of, worded
from lifecycle.services.explanation.files import (
    ExplainOptions,
    accepted,
    common,
    copied,
    in_worker,
    refusals,
)
from lifecycle.stats import catalogue

HALF = 0.5
"""The threshold of a decision unless another is given."""


@dataclass(frozen=True, slots=True)
class RowOptions:
    """Which row is meant, and how its decision is worded.

    Parameters
    ----------
    row
        A value of the id column; without one the row's number from 1.
    target
        The column with what came of the cases that are compared with.
    aim
        The answer to look for: a class, or a range of numbers such as ``10..20``.
    reasons
        A dictionary of reasons as YAML.
    """

    row: str
    id: str | None = None
    target: str | None = None
    threshold: float = HALF
    aim: str | None = None
    reasons: str | None = None


def explain_row(
    model: Path,
    data: str,
    *,
    background: str | None = None,
    one: RowOptions,
    options: ExplainOptions,
) -> Result:
    """Explain a model file's answer for one row, with like cases and other ways.

    Raises
    ------
    InvalidInput
        The model file may not be read, does not fit the rows, raises, or passes its limits; there
        is no such row; or the dictionary of reasons is none.
    InsufficientData
        Too few cases to compare with.
    """
    held, dictionary = accepted(model, options=options), _dictionary(one.reasons)
    if one.id is None and not one.row.isdigit():
        raise InvalidInput(f"--row {one.row} is no number: name the column it stands in with --id")
    with tempfile.TemporaryDirectory(prefix="lifecycle-explain-") as place:
        folder = Path(place)
        inputs = copied(data, background, folder=folder, options=options)
        where = {"number": int(one.row)} if one.id is None else {"column": one.id, "value": one.row}
        settings = {
            **common(model, inputs, options=options),
            "run": RUN,
            "data": [str(folder / "data.parquet")],
            "cases": str(folder / f"{'background' if background else 'data'}.parquet"),
            "row": where,
            "target": one.target,
            "threshold": one.threshold,
            "aim": one.aim,
            "limits": limits_of(dictionary),
        }
        found = in_worker(settings, folder=folder, options=options)
    reasons, standing = worded(dictionary, found), dictionary.standing(found["decision"])
    return Result(
        command="explain",
        inputs={name: side(source) for name, source in inputs.items()},
        settings={
            "model": {"format": held.format, "sha256": held.sha256, "bytes": held.size},
            "row": where,
            "threshold": one.threshold,
            "aim": one.aim,
            "seed": options.seed,
            "positive": options.positive,
        },
        measurements=_measurements(found, row=one.row),
        verdict=State.OK,
        notices=(*_sentences(found, reasons, standing=standing), *refusals(found)),
        details={"decision": {**found, "standing": standing, "reasons": reasons}},
    )


def _dictionary(text: str | None) -> ReasonDictionary:
    if text is None:
        return ReasonDictionary()
    try:
        return parse(yaml.safe_load(text), version=1)
    except yaml.YAMLError as error:
        said = " ".join(str(error).split())
        raise InvalidInput(f"the dictionary of reasons is no YAML: {said}") from error


def _measurements(found: Mapping[str, Any], *, row: str) -> tuple[Measurement, ...]:
    """Return each column's SHAP value, the largest first."""
    shares = cast("Mapping[str, float]", found["shares"])
    of_row = catalogue.get("shap_value")
    return tuple(
        Measurement(
            statistic=of_row.name,
            value=of_row.measure(shares[name]).value,
            state=State.OK,
            unit=found["output_space"],
            column=name,
            slice={"row": row},
            n=1,
        )
        for name in sorted(shares, key=lambda name: -abs(shares[name]))
    )


def _sentences(
    found: Mapping[str, Any], reasons: Sequence[Mapping[str, Any]], *, standing: str
) -> tuple[str, ...]:
    """Say the answer and its side, the reasons, and the ways to another decision."""
    said = [
        f"the answer is {found['output']:.4g} ({found['output_space']} of {found['explained']})",
        standing,
    ]
    if reasons:
        said.append("principal reasons: " + "; ".join(str(one["text"]) for one in reasons))
    for way in found["suggestions"]:
        changes = ", ".join(
            f"{one['column']} {_short(one['to'])} instead of {_short(one['from'])}"
            for one in way["changes"]
        )
        said.append(f"{found['aim']} with {changes} ({_answered(way['answer'])})")
    if found["none_found"]:
        said.append(f"no way to {found['aim'] or 'another answer'}: {found['none_found']}")
    return tuple(said)


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _answered(answer: Mapping[str, Any]) -> str:
    unit = "the answer" if answer["space"] == "target" else answer["space"]
    of = "" if answer["output"] == "value" else f" of {answer['output']}"
    return f"{unit}{of} {answer['value']:.4g}"
