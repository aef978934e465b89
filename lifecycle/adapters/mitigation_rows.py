"""Which rows can show how a gap would be narrowed: those with outcome, score and decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Labels: TypeAlias = NDArray[np.int64]

FEWEST = 200
"""Fewest rows to learn and to decide on; a house default."""


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """Rows to learn from and to decide on.

    Parameters
    ----------
    features
        Numbers and texts by column, without the attribute itself.
    labels
        Shape (n,), 0 or 1.
    attribute
        The attribute as it stands in the rows.
    groups
        Shape (n,), the attribute's value of each row as text.
    scores, decided
        Shape (n,), the version's own scores and decisions, where it has any.
    classes
        What the target calls 0 and 1.
    notices
        What was left out and why, a sentence each.
    """

    features: pd.DataFrame
    labels: Labels
    attribute: pd.Series
    groups: NDArray[np.object_]
    scores: NDArray[np.float64] | None
    decided: Labels | None
    classes: tuple[str, str] = ("0", "1")
    notices: tuple[str, ...] = ()


def columns(rows: pd.DataFrame, given: Mapping[str, Any]) -> Data:
    """Read the columns of a snapshot, without rows that have no outcome, score or decision.

    All ways are measured on the same rows. Where hardly a row has a score, it is the scores that
    are left out, and with them the thresholds by group.

    Parameters
    ----------
    given
        ``target``, ``positive``, ``features`` and ``attribute``; ``score``, ``prediction`` and
        ``threshold`` where the version has them.
    """
    rows, scored, notices = _answered(rows.dropna(subset=[given["target"]]), given)
    attribute: Any = rows[given["attribute"]]
    scores = _scores(rows, given) if scored else None
    decided = None
    if given.get("prediction"):
        decided = _positive(rows, given["prediction"], given["positive"])
    elif scores is not None and given.get("threshold") is not None:
        decided = (scores >= given["threshold"]).astype(np.int64)
    names = [name for name in given["features"] if name != given["attribute"]]
    return Data(
        features=rows.loc[:, names],
        labels=_positive(rows, given["target"], given["positive"]),
        attribute=attribute,
        groups=attribute.astype("str").where(attribute.notna(), "(missing)").to_numpy(object),
        scores=scores,
        decided=decided,
        classes=_classes(rows[given["target"]], given["positive"]),
        notices=notices,
    )


def _scores(rows: pd.DataFrame, given: Mapping[str, Any]) -> NDArray[np.float64]:
    """Read scores; NaN for one that is missing or no number."""
    found: Any = pd.to_numeric(rows[given["score"]], errors="coerce")
    return found.to_numpy(np.float64, na_value=np.nan)


def _answered(
    rows: pd.DataFrame, given: Mapping[str, Any]
) -> tuple[pd.DataFrame, bool, tuple[str, ...]]:
    """Keep rows with a decision and a score; and tell whether scores serve, and what is left out.

    Scores serve where enough rows have one between 0 and 1.
    """
    notices: list[str] = []
    if given.get("prediction"):
        rows, lost = _kept(rows, rows[given["prediction"]].notna().to_numpy())
        notices += [f"{lost} rows without a decision are left out"] if lost else []
    if not given.get("score"):
        why = "thresholds by group are left out: the rows have no column with the version's score"
        return rows.reset_index(drop=True), False, (*notices, why)
    scores = _scores(rows, given)
    usable = (scores >= 0) & (scores <= 1)
    kept, lost = _kept(rows, usable)
    told = f"{lost} of {len(rows)} rows have no score between 0 and 1"
    if lost and len(kept) < 2 * FEWEST:
        why = f"thresholds by group are left out: {told}, and they need {2 * FEWEST} that have"
        return rows.reset_index(drop=True), False, (*notices, why)
    notices += [f"{told} and are left out of every way"] if lost else []
    return kept.reset_index(drop=True), True, tuple(notices)


def _kept(rows: pd.DataFrame, keep: NDArray[np.bool_]) -> tuple[pd.DataFrame, int]:
    return rows.loc[keep], int(np.sum(~keep))


def _written(values: Any) -> Any:
    return values.astype("str").str.removesuffix(".0")


def _positive(rows: pd.DataFrame, name: str, positive: str | None) -> Labels:
    """Tell the positive label, written as the catalogue writes it, from all others."""
    written = _written(rows[name]).str.casefold()
    wanted = {"1", "true"} if positive is None else {positive.casefold()}
    found = written.isin(wanted)
    if positive is not None and not found.any():  # a prediction coded 0/1 beside a named label
        found = written.isin({"1", "true"})
    return found.to_numpy().astype(np.int64)


def _classes(target: Any, positive: str | None) -> tuple[str, str]:
    """Return what the target calls a negative and a positive case."""
    if positive is None:
        return "0", "1"
    others = {text for text in _written(target) if text.casefold() != positive.casefold()}
    return (others.pop() if len(others) == 1 else f"not {positive}"), positive
