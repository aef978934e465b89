"""Which other answer is looked for: the other decision, another class, or a number in a range."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lifecycle.adapters.explain_outputs import Output, outputs
from lifecycle.adapters.explain_search import Frame, Wanted
from lifecycle.domain.aim import range_of
from lifecycle.errors import InvalidInput

Answer = Callable[[Frame], Mapping[str, object]]


@dataclass(frozen=True, slots=True, eq=False)
class Aim:
    """What a suggestion has to reach.

    Parameters
    ----------
    words
        The aim in a sentence's part.
    wanted
        From rows to whether each gets such an answer.
    answer
        What the model says of one row: ``output`` and ``value``.
    decision
        Score, threshold and side of the row, where a threshold decides.
    """

    words: str
    wanted: Wanted
    answer: Answer
    decision: Mapping[str, object] | None = None


def aim_of(model: Any, row: Frame, *, settings: Mapping[str, Any]) -> Aim | str:
    """Return what is looked for, or why nothing can be.

    Parameters
    ----------
    settings
        ``positive``, ``threshold`` and ``aim``: a class, or a range of numbers as text.

    Raises
    ------
    InvalidInput
        The model knows no such class, or the aim is no range.
    """
    text = settings.get("aim")
    given = outputs(model, positive=settings["positive"])[-1]
    if len(given.names) > 1:
        return _class(given, row, text)
    if text:
        return _range(given, row, text)
    if given.space == "target":
        return "name the range that the answer should lie in, such as 10..20"
    if given.space != "probability" or settings.get("threshold") is None:
        return "there is no threshold on a probability: name the answers to aim at, such as ..0.3"
    return _decision(given, row, settings["threshold"])


def _decision(given: Output, row: Frame, threshold: float) -> Aim:
    score = float(given.of(row)[0, 0])
    positive = score >= threshold

    def wanted(rows: Frame) -> Any:
        return (given.of(rows)[:, 0] >= threshold) != positive

    decision = {"score": score, "threshold": threshold, "positive": positive}
    return Aim("the other decision", wanted, _first(given), decision)


def _range(given: Output, row: Frame, text: str) -> Aim | str:
    aimed = range_of(text)
    now = float(given.of(row)[0, 0])
    if now in aimed:
        return f"the answer, {now:.4g}, is {aimed.words} already"

    def wanted(rows: Frame) -> Any:
        answers = given.of(rows)[:, 0]
        return (answers >= aimed.least) & (answers <= aimed.most)

    return Aim(f"an answer of {aimed.words}", wanted, _first(given))


def _class(given: Output, row: Frame, text: str | None) -> Aim | str:
    now = int(given.of(row)[0].argmax())
    if text and text not in given.names:
        raise InvalidInput(f"the model's classes are {', '.join(given.names)}, not {text!r}")
    if text == given.names[now]:
        return f"the answer is {text} already"

    def wanted(rows: Frame) -> Any:
        found = given.of(rows).argmax(axis=1)
        return found != now if not text else found == given.names.index(text)

    words = f"class {text}" if text else f"another class than {given.names[now]}"

    def answer(one: Frame) -> Mapping[str, object]:
        answers = given.of(one)[0]
        at = int(np.argmax(answers))
        return {"output": given.names[at], "value": float(answers[at]), "space": given.space}

    return Aim(words, wanted, answer)


def _first(given: Output) -> Answer:
    def answer(one: Frame) -> Mapping[str, object]:
        return {
            "output": given.names[0],
            "value": float(given.of(one)[0, 0]),
            "space": given.space,
        }

    return answer
