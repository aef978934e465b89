"""What drives a model's output? SHAP values per original column, checked before anybody sees them.

The library picks no explainer for us and its own additivity check is not trusted: each method's
values must add up to the model's own output, or the next one is tried. Imported by worker
processes only, because `shap` takes seconds to import.
"""

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from lifecycle.adapters.explain_methods import Attribute, Attribution, Subject, methods
from lifecycle.errors import InvalidInput


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """The attribution that held, and why others before it did not.

    Parameters
    ----------
    more
        Explains further rows in the same way.
    most
        The most rows this way is good for; ``None`` for any number.
    """

    attribution: Attribution
    more: Attribute
    most: int | None = None
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
    subject = Subject(model, rows, background, positive, seed)
    for method in methods(model):
        most = method.most(subject)
        try:
            attribute = method.ready(subject)
            found = attribute(rows.head(most) if most else rows)
        except InvalidInput as error:
            refused.append((method.name, str(error)))
            continue
        except MemoryError:
            raise
        # A shap explainer that cannot handle a model says so in many ways: go on to the next.
        except Exception as error:  # noqa: BLE001 -- see above
            refused.append((method.name, f"{type(error).__name__}: {error}"))
            continue
        if found.holds:
            return Explained(found, attribute, most, tuple(refused))
        gap = f"values miss the model's output by {found.error:.3g}, allowed {found.tolerance:.3g}"
        refused.append((method.name, gap))
    reasons = "; ".join(f"{name}: {why}" for name, why in refused)
    raise InvalidInput(f"no explainer's values add up to the model's output ({reasons})")
