"""The statistics of an explanation: what moves a model's output, and whether it adds up."""

from lifecycle.stats.catalogue.statistic import Family, Needs, Statistic
from lifecycle.stats.explanations import attributions

SHAP = "Lundberg and Lee 2017, arXiv:1705.07874"

ATTRIBUTIONS: tuple[Statistic, ...] = (
    Statistic(
        name="mean_abs_shap",
        title="Influence (mean absolute SHAP value)",
        family=Family.ATTRIBUTION,
        unit="output",
        definition="How far a column moves the model's output away from its mean, on average over "
        "the explained rows and, where there are several, over the outputs.",
        formula="mean over rows of |SHAP value of the column|",
        source=f"{SHAP}; interval by Student 1908",
        needs=frozenset({Needs.ATTRIBUTIONS}),
        better=None,
        limit=None,
        minimum=attributions.FEWEST_ROWS,
        measure=attributions.mean_absolute,
    ),
    Statistic(
        name="shap_value",
        title="Contribution to one answer (SHAP value)",
        family=Family.ATTRIBUTION,
        unit="output",
        definition="What a column adds to the model's output for one row, compared with the "
        "output's mean over the background; below 0 it takes away.",
        formula="mean over orders of the columns of E[f | columns up to it] - E[f | those before]",
        source=SHAP,
        needs=frozenset({Needs.ATTRIBUTIONS}),
        better=None,
        limit=None,
        minimum=1,
        measure=attributions.of_row,
    ),
    Statistic(
        name="shap_additivity_error",
        title="Additivity error of SHAP values",
        family=Family.ATTRIBUTION,
        unit="output",
        definition="By how much a row's SHAP values miss the model's own output, in the row where "
        "they miss it most; the limit is the explainer's tolerance, a share of the output's "
        "spread.",
        formula="max over rows of |base + sum of SHAP values - output|",
        source=f"local accuracy, {SHAP}",
        needs=frozenset({Needs.ATTRIBUTIONS}),
        better="lower",
        limit=None,
        minimum=1,
        measure=attributions.additivity_error,
    ),
)
