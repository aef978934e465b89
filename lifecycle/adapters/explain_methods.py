"""How each explainer is made ready for a model, once, and then asked for rows as often as needed.

Imported by worker processes only, because `shap` takes seconds to import.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from shap import LinearExplainer, PermutationExplainer, TreeExplainer
from shap.maskers import Independent

from lifecycle.adapters.columns import gather, origins
from lifecycle.adapters.explain_codes import coded
from lifecycle.adapters.explain_outputs import (
    Array,
    Output,
    final_step,
    outputs,
    position,
    transformer,
)
from lifecycle.errors import InvalidInput
from lifecycle.stats.explanations.attributions import additivity_error

EXACT = 1e-6
"""Largest gap between a row's values and the output, in the output's spread, of an exact method."""

SAMPLED = 1e-3
"""The same of a method that tries some orders of the columns only."""

PERMUTATION_BACKGROUND = 30
ORDERS = 4
"""Orders of the columns that the permutation explainer tries, each also backwards."""

PERMUTATION_ANSWERS = 1_000_000
"""Answers of the model that the permutation explainer may ask for: they bound its rows."""

PROBE_ROWS = 400
"""Rows on which it is tried out which columns a transformed one comes from."""


@dataclass(frozen=True, slots=True, eq=False)
class Attribution:
    """SHAP values of some rows in one output space.

    Parameters
    ----------
    shares
        SHAP values, shape (rows, columns, outputs).
    base, output
        Shape (rows, outputs): what the shares start from, and the model's own output.
    background
        Rows compared with; ``None`` where the trees' own counts serve.
    allowed
        The gap that is still allowed, in the output's spread.
    seconds
        Processor time that the explainer itself took.
    """

    explainer: str
    output: Output
    shares: Array
    base: Array
    answers: Array
    background: int | None
    allowed: float
    seconds: float

    @property
    def error(self) -> float:
        """Largest gap between what the values add up to and the model's output."""
        return additivity_error(self.shares, self.base, self.answers).value or 0.0

    @property
    def tolerance(self) -> float:
        """The gap that is still allowed, in the output's unit."""
        return self.allowed * max(float(self.answers.std()), 1e-6)

    @property
    def holds(self) -> bool:
        """Whether the values are finite and add up."""
        return bool(np.isfinite(self.shares).all()) and self.error <= self.tolerance


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """What is explained: a model, rows to try it on, and rows to compare with."""

    model: Any
    trial: pd.DataFrame
    background: pd.DataFrame
    positive: str | None
    seed: int


Attribute: TypeAlias = Callable[[pd.DataFrame], Attribution]


@dataclass(frozen=True, slots=True)
class Method:
    """A way to explain: what makes it ready for a subject, and the most rows it is good for.

    Parameters
    ----------
    behind
        Rows of the background that it compares with; all of them when ``None``.
    """

    name: str
    ready: Callable[[Subject], Attribute]
    most: Callable[[Subject], int | None] = lambda _: None
    behind: int | None = None


def methods(model: Any) -> tuple[Method, ...]:
    """Return what may explain a model, the best first."""
    final = final_step(model)
    found: list[Method] = []
    if hasattr(final, "tree_") or hasattr(final, "estimators_") or hasattr(final, "_predictors"):
        found.append(Method("tree", _tree, behind=0))
    if hasattr(final, "coef_"):
        found.append(Method("linear", _linear))
    sampled = Method("permutation", _permutation, _permutation_rows, behind=PERMUTATION_BACKGROUND)
    return (*found, sampled)


_Values: TypeAlias = Callable[[Array], tuple[Array, Array]]
"""From what the last step sees to its values, and what they start from."""


def _tree(subject: Subject) -> Attribute:
    # The trees hold the training rows' own counts, which serve as background.
    def make() -> _Values:
        explainer = TreeExplainer(
            final_step(subject.model), feature_perturbation="tree_path_dependent"
        )

        def values(seen: Array) -> tuple[Array, Array]:
            found = explainer.shap_values(seen, check_additivity=False)
            return np.asarray(found, dtype=float), _base(explainer)

        return values

    return _through_pipeline("tree", subject, make=make, background=None)


def _linear(subject: Subject) -> Attribute:
    def make() -> _Values:
        behind = transformer(subject.model)(subject.background)
        masker = Independent(behind, max_samples=len(behind))
        explainer = LinearExplainer(final_step(subject.model), masker)

        def values(seen: Array) -> tuple[Array, Array]:
            return np.asarray(explainer.shap_values(seen), dtype=float), _base(explainer)

        return values

    return _through_pipeline("linear", subject, make=make, background=len(subject.background))


def _base(explainer: Any) -> Array:
    return np.atleast_1d(explainer.expected_value).astype(float)


def _through_pipeline(
    name: str, subject: Subject, *, make: Callable[[], _Values], background: int | None
) -> Attribute:
    """Explain a pipeline's last step on what it sees, and bring the values back to the columns."""
    transform = transformer(subject.model)
    held = (subject.trial, subject.background)
    probe = pd.concat([some.head(PROBE_ROWS) for some in held]).drop_duplicates()
    origin = origins(transform, probe.head(PROBE_ROWS))
    start = time.process_time()
    values = make()
    spent = [time.process_time() - start]
    known: list[Output] = []

    def attribute(rows: pd.DataFrame) -> Attribution:
        seen = transform(rows)
        start = time.process_time()
        found, base = values(seen)
        spent.append(time.process_time() - start)
        raw = found[:, :, np.newaxis] if found.ndim == 2 else found  # noqa: PLR2004 -- (rows, columns)
        total = gather(raw, origin=origin, columns=rows.shape[1])
        if total is None:
            raise InvalidInput("a transformed column comes from several columns at once")
        bases = np.broadcast_to(base, (len(rows), raw.shape[2]))
        output, shares, start_at, answers = _matching(
            subject, rows, values=total, base=bases, among=known
        )
        known[:] = [output]
        seconds, spent[:] = sum(spent), []
        return Attribution(name, output, shares, start_at, answers, background, EXACT, seconds)

    return attribute


def _matching(
    subject: Subject, rows: pd.DataFrame, *, values: Array, base: Array, among: list[Output]
) -> tuple[Output, Array, Array, Array]:
    """Find the output that the values add up to, and keep the positive class of two."""
    model = subject.model
    best: tuple[float, tuple[Output, Array, Array, Array]] | None = None
    for output in among or outputs(model, positive=subject.positive):
        v, b = values, base
        if len(output.names) == 1 and hasattr(model, "classes_"):
            at = position(model, subject.positive)
            if v.shape[2] == 1:
                sign = 1.0 if at == 1 else -1.0
                v, b = v * sign, b * sign
            else:
                v, b = v[:, :, at : at + 1], b[:, at : at + 1]
        if v.shape[2] != len(output.names):
            continue
        answers = output.of(rows)
        gap = float(np.abs(v.sum(axis=1) + b - answers).max())
        if best is None or gap < best[0]:
            best = gap, (output, v, b, answers)
    if best is None:
        raise InvalidInput("the values have another shape than the model's output")
    return best[1]


def _permutation_rows(subject: Subject) -> int:
    behind = min(len(subject.background), PERMUTATION_BACKGROUND)
    per_row = behind * ORDERS * (2 * subject.trial.shape[1] + 1)
    return max(PERMUTATION_ANSWERS // per_row, 20)


def _permutation(subject: Subject) -> Attribute:
    """Explain any model on its original columns; text goes through codes, which shap can mask."""
    background = subject.background.head(PERMUTATION_BACKGROUND)
    given = outputs(subject.model, positive=subject.positive)
    output = next((one for one in given if one.space == "probability"), given[0])
    cost = ORDERS * (2 * background.shape[1] + 1)

    def attribute(rows: pd.DataFrame) -> Attribution:
        codes, decode = coded(rows, background)

        def answer(table: Array) -> Array:
            return output.of(decode(table))

        start = time.process_time()
        masker = Independent(codes[len(rows) :], max_samples=len(background))
        explainer = PermutationExplainer(answer, masker, seed=subject.seed)
        found: Any = explainer(codes[: len(rows)], max_evals=cost, silent=True)
        seconds = time.process_time() - start
        values = np.asarray(found.values, dtype=float)
        values = values[:, :, np.newaxis] if values.ndim == 2 else values  # noqa: PLR2004 -- (rows, columns)
        base = np.asarray(found.base_values, dtype=float).reshape(len(rows), -1)
        return Attribution(
            "permutation", output, values, base, output.of(rows), len(background), SAMPLED, seconds
        )

    return attribute
