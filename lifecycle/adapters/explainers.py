"""What drives a model's output? SHAP values per original column, checked before anybody sees them.

The library picks no explainer for us and its own additivity check is not trusted: each attempt's
values must add up to the model's own output, or the next explainer is tried. Imported by worker
processes only, because `shap` takes seconds to import.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from shap import LinearExplainer, PermutationExplainer, TreeExplainer
from shap.maskers import Independent
from sklearn.pipeline import Pipeline

from lifecycle.adapters.columns import gather, origins
from lifecycle.errors import InvalidInput

Array: TypeAlias = NDArray[np.float64]

TOLERANCE = 1e-3
"""Largest gap between a row's attributions and the model's output, in the output's spread."""

PERMUTATION_ROWS, PERMUTATION_BACKGROUND = 100, 30
"""The permutation explainer calls the model rows x background x columns times: keep that small."""

LOG_ODDS = frozenset(
    {
        "GradientBoostingClassifier",
        "HistGradientBoostingClassifier",
        "LogisticRegression",
        "LogisticRegressionCV",
    }
)
"""Estimators whose decision function is in log-odds; elsewhere it is called a margin."""


@dataclass(frozen=True, slots=True, eq=False)
class Attribution:
    """SHAP values of some rows in one output space.

    Parameters
    ----------
    shares
        SHAP values, shape (rows, columns, outputs).
    base, output
        Shape (rows, outputs): what the shares start from, and the model's own output.
    """

    explainer: str
    space: str
    names: tuple[str, ...]
    shares: Array
    base: Array
    output: Array
    background: int | None

    @property
    def error(self) -> float:
        """Largest gap between what the values add up to and the model's output."""
        return float(np.abs(self.shares.sum(axis=1) + self.base - self.output).max())

    @property
    def tolerance(self) -> float:
        """The gap that is still allowed."""
        return TOLERANCE * max(float(self.output.std()), 1e-6)


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """The attribution that held, and why others before it did not."""

    attribution: Attribution
    refused: tuple[tuple[str, str], ...] = field(default=())


def explain(
    model: Any, rows: pd.DataFrame, *, background: pd.DataFrame, positive: str | None, seed: int
) -> Explained:
    """Attribute a model's output to its original columns.

    Parameters
    ----------
    rows, background
        Rows to explain and rows to compare with, in the columns the model was fitted on.
    positive
        The positive label of a binary classifier as text; the last class when absent.

    Raises
    ------
    InvalidInput
        No explainer gives values that add up to the model's output.
    """
    refused: list[tuple[str, str]] = []
    for name, attempt in _attempts(model):
        try:
            found = attempt(model, rows, background, positive, seed)
        except InvalidInput as error:
            refused.append((name, str(error)))
            continue
        # A shap explainer that cannot handle a model says so in many ways: go on to the next.
        except Exception as error:  # noqa: BLE001 -- see above
            refused.append((name, f"{type(error).__name__}: {error}"))
            continue
        if np.isfinite(found.shares).all() and found.error <= found.tolerance:
            return Explained(found, tuple(refused))
        gap = f"values miss the model's output by {found.error:.3g}, allowed {found.tolerance:.3g}"
        refused.append((name, gap))
    reasons = "; ".join(f"{name}: {why}" for name, why in refused)
    raise InvalidInput(f"no explainer's values add up to the model's output ({reasons})")


_Attempt: TypeAlias = Callable[[Any, pd.DataFrame, pd.DataFrame, str | None, int], Attribution]


def _attempts(model: Any) -> Iterator[tuple[str, _Attempt]]:
    final = _final(model)
    if hasattr(final, "tree_") or hasattr(final, "estimators_") or hasattr(final, "_predictors"):
        yield "tree", _tree
    if hasattr(final, "coef_"):
        yield "linear", _linear
    yield "permutation", _permutation


def _tree(
    model: Any, rows: pd.DataFrame, background: pd.DataFrame, positive: str | None, seed: int
) -> Attribution:
    del background, seed  # the trees hold the training rows' own counts, which serve as background

    def values(final: Any, seen: Array, _: Array) -> tuple[Array, Array]:
        explainer = TreeExplainer(final, feature_perturbation="tree_path_dependent")
        found = explainer.shap_values(seen, check_additivity=False)
        return np.asarray(found, dtype=float), np.atleast_1d(explainer.expected_value).astype(float)

    return _through_pipeline("tree", model, rows, rows, positive, values)


def _linear(
    model: Any, rows: pd.DataFrame, background: pd.DataFrame, positive: str | None, seed: int
) -> Attribution:
    del seed

    def values(final: Any, seen: Array, behind: Array) -> tuple[Array, Array]:
        masker = Independent(behind, max_samples=len(behind))
        explainer = LinearExplainer(final, masker)
        found = np.asarray(explainer.shap_values(seen), dtype=float)
        return found, np.atleast_1d(explainer.expected_value).astype(float)

    return _through_pipeline("linear", model, rows, background, positive, values)


def _through_pipeline(
    name: str,
    model: Any,
    rows: pd.DataFrame,
    background: pd.DataFrame,
    positive: str | None,
    values: Callable[[Any, Array, Array], tuple[Array, Array]],
) -> Attribution:
    """Explain a pipeline's last step on what it sees, and bring the values back to the columns."""
    transform = _transform(model)
    found, base = values(_final(model), transform(rows), transform(background))
    raw = found[:, :, np.newaxis] if found.ndim == 2 else found  # noqa: PLR2004 -- (rows, columns)
    probe = pd.concat([rows, background]).drop_duplicates().head(400)
    total = gather(raw, origin=origins(transform, probe), columns=rows.shape[1])
    if total is None:
        raise InvalidInput("a transformed column comes from several columns at once")
    bases = np.broadcast_to(base, (len(rows), raw.shape[2]))
    space, names, picked, output = _matching(model, rows, total, bases, positive)
    return Attribution(
        explainer=name,
        space=space,
        names=names,
        shares=picked[0],
        base=picked[1],
        output=output,
        background=None if name == "tree" else len(background),
    )


def _matching(
    model: Any, rows: pd.DataFrame, values: Array, base: Array, positive: str | None
) -> tuple[str, tuple[str, ...], tuple[Array, Array], Array]:
    """Find the output space that the values add up to, and keep the positive class of two."""
    best: tuple[float, str, tuple[str, ...], tuple[Array, Array], Array] | None = None
    for space, names, output in _outputs(model, rows, positive):
        v, b = values, base
        if len(names) == 1 and hasattr(model, "classes_"):
            at = _position(model, positive)
            if v.shape[2] == 1:
                sign = 1.0 if at == 1 else -1.0
                v, b = v * sign, b * sign
            else:
                v, b = v[:, :, at : at + 1], b[:, at : at + 1]
        if v.shape[2] != output.shape[1]:
            continue
        gap = float(np.abs(v.sum(axis=1) + b - output).max())
        if best is None or gap < best[0]:
            best = gap, space, names, (v, b), output
    if best is None:
        raise InvalidInput("the values have another shape than the model's output")
    return best[1:]


def _outputs(
    model: Any, rows: pd.DataFrame, positive: str | None
) -> Iterator[tuple[str, tuple[str, ...], Array]]:
    """Yield the model's own outputs by space, shape (rows, outputs); one output for two classes."""
    if not hasattr(model, "classes_"):
        yield "target", ("value",), np.asarray(model.predict(rows), dtype=float).reshape(-1, 1)
        return
    names = tuple(str(c) for c in model.classes_)
    two = len(names) == 2  # noqa: PLR2004 -- binary
    at = _position(model, positive) if two else 0
    kept = (names[at],) if two else names
    if hasattr(model, "decision_function"):
        margin = np.asarray(model.decision_function(rows), dtype=float)
        if two:
            margin = (margin if at == 1 else -margin).reshape(-1, 1)
        yield ("log-odds" if type(_final(model)).__name__ in LOG_ODDS else "margin"), kept, margin
    if hasattr(model, "predict_proba"):
        share = np.asarray(model.predict_proba(rows), dtype=float)
        yield "probability", kept, share[:, at : at + 1] if two else share


def _position(model: Any, positive: str | None) -> int:
    """Return where the positive class stands among the model's two classes."""
    names = [str(c) for c in model.classes_]
    if positive is None:
        return len(names) - 1
    if positive not in names:
        raise InvalidInput(f"the model's classes are {', '.join(names)}, not {positive!r}")
    return names.index(positive)


def _permutation(
    model: Any, rows: pd.DataFrame, background: pd.DataFrame, positive: str | None, seed: int
) -> Attribution:
    """Explain any model on its original columns; text goes through codes, which shap can mask."""
    rows, background = rows.head(PERMUTATION_ROWS), background.head(PERMUTATION_BACKGROUND)
    codes, decode = _coded(rows, background)
    spaces = {space: names for space, names, _ in _outputs(model, rows, positive)}
    space = "probability" if "probability" in spaces else next(iter(spaces))

    def output(coded: Array) -> Array:
        found = _outputs(model, decode(coded), positive)
        return next(out for name, _, out in found if name == space)

    masker = Independent(codes[len(rows) :], max_samples=len(background))
    explainer = PermutationExplainer(output, masker, seed=seed)
    cost = 4 * (2 * rows.shape[1] + 1)
    found: Any = explainer(codes[: len(rows)], max_evals=cost, silent=True)
    values = np.asarray(found.values, dtype=float)
    values = values[:, :, np.newaxis] if values.ndim == 2 else values  # noqa: PLR2004 -- see above
    base = np.asarray(found.base_values, dtype=float).reshape(len(rows), -1)
    return Attribution(
        explainer="permutation",
        space=space,
        names=spaces[space],
        shares=values,
        base=base,
        output=output(codes[: len(rows)]),
        background=len(background),
    )


def _coded(
    rows: pd.DataFrame, background: pd.DataFrame
) -> tuple[Array, Callable[[Array], pd.DataFrame]]:
    """Write both frames as one table of numbers, and return how to read it back."""
    both = pd.concat([rows, background], ignore_index=True)
    dictionaries: dict[str, pd.Series] = {}
    coded = np.empty(both.shape)
    for position, name in enumerate(both.columns):
        values = both[name]
        if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
            coded[:, position] = values.to_numpy(dtype=float, na_value=np.nan)
        else:
            codes, known = pd.factorize(values, use_na_sentinel=False)
            coded[:, position] = codes
            dictionaries[str(name)] = pd.Series(known).astype(values.dtype)

    def decode(table: Array) -> pd.DataFrame:
        parts: dict[str, Any] = {}
        for position, name in enumerate(both.columns):
            column = table[:, position]
            if str(name) in dictionaries:
                known = dictionaries[str(name)]
                parts[str(name)] = known.iloc[column.astype(int)].reset_index(drop=True)
            elif np.isnan(column).any():
                parts[str(name)] = column
            else:
                parts[str(name)] = pd.Series(column).astype(both[name].dtype)
        return pd.DataFrame(parts)

    return coded, decode


def _final(model: Any) -> Any:
    return model[-1] if isinstance(model, Pipeline) else model


def _transform(model: Any) -> Callable[[pd.DataFrame], Array]:
    """Return how original rows become what the last step sees."""
    if not isinstance(model, Pipeline) or len(model) == 1:
        return lambda frame: frame.to_numpy(dtype=float, na_value=np.nan)

    def transform(frame: pd.DataFrame) -> Array:
        seen = model[:-1].transform(frame)
        dense = seen.toarray() if hasattr(seen, "toarray") else seen
        return np.asarray(dense, dtype=float)

    return transform
