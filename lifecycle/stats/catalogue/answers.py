"""The statistics of what a model is about: its outcomes, and what it leans on."""

from lifecycle.stats.catalogue.drift import MINIMUM
from lifecycle.stats.catalogue.statistic import Family, Needs, Statistic
from lifecycle.stats.drift import answers, explanations

STRATA = (
    "Rows are compared with those of the same score (ten groups of about equal size), decision or "
    "predicted class; only rows whose outcome is known count. An answer that is rare on a side is "
    "left out; where that is more than half of the rows there is no value."
)

ANSWERS: tuple[Statistic, ...] = (
    Statistic(
        name="label_drift",
        title="Label drift",
        family=Family.ANSWERS,
        unit="1",
        definition="Share of rows whose outcome would have to change for the reference's shares of "
        "outcomes; for two outcomes the difference of the base rates. Only known outcomes count.",
        formula="sum over outcomes of |share_current - share_reference| / 2",
        source="Levin, Peres and Wilmer 2009, section 4.1; interval by McDiarmid 1989",
        needs=frozenset({Needs.BINARY, Needs.CLASSES}),
        better="lower",
        limit=0.05,
        minimum=MINIMUM,
        measure=answers.label_drift,
    ),
    Statistic(
        name="concept_drift",
        title="Concept drift",
        family=Family.ANSWERS,
        unit="1",
        definition="How far the probability of an outcome moved among rows of the same answer: the "
        f"root mean square over strata, without what chance adds. {STRATA}",
        formula="sqrt(sum w (P_current(outcome | stratum) - P_reference(outcome | stratum))^2)",
        source="Gama et al. 2014, doi:10.1145/2523813; test by Cochran 1954, doi:10.2307/3001616",
        needs=frozenset({Needs.BINARY, Needs.CLASSES}),
        better="lower",
        limit=0.05,
        minimum=MINIMUM,
        measure=answers.concept_drift,
    ),
    Statistic(
        name="concept_shift",
        title="Change of outcomes that answers do not explain",
        family=Family.ANSWERS,
        unit="1",
        definition="By how much more often outcomes are positive than they were for the same "
        f"answers, -1 to 1. {STRATA}",
        formula="sum w_current (rate_current - rate_reference) over strata",
        source="Kitagawa 1955, doi:10.1080/01621459.1955.10501299",
        needs=frozenset({Needs.BINARY}),
        better=None,
        limit=0.05,
        minimum=MINIMUM,
        measure=answers.concept_shift,
    ),
    Statistic(
        name="covariate_shift",
        title="Change of outcomes that answers explain",
        family=Family.ANSWERS,
        unit="1",
        definition="By how much the positive share would have changed because the model answers "
        f"otherwise, had outcomes for the same answers stayed, -1 to 1. {STRATA}",
        formula="sum (w_current - w_reference) rate_reference over strata",
        source="Kitagawa 1955, doi:10.1080/01621459.1955.10501299",
        needs=frozenset({Needs.BINARY}),
        better=None,
        limit=0.05,
        minimum=MINIMUM,
        measure=answers.covariate_shift,
    ),
    Statistic(
        name="residual_shift",
        title="Residual shift",
        family=Family.ANSWERS,
        unit="sd",
        definition="By how many standard deviations of the reference's errors the mean error "
        "(prediction minus outcome) moved.",
        formula="(mean error_current - mean error_reference) / sd error_reference",
        source="Welch 1947, doi:10.1093/biomet/34.1-2.28",
        needs=frozenset({Needs.REGRESSION}),
        better=None,
        limit=0.25,
        minimum=MINIMUM,
        measure=answers.residual_shift,
    ),
)

EXPLANATIONS: tuple[Statistic, ...] = (
    Statistic(
        name="explanation_ndcg",
        title="Explanation drift (nDCG)",
        family=Family.EXPLANATION,
        unit="1",
        definition="How well the current ranking of columns by mean absolute SHAP value collects "
        "the importance they had in the reference: 1 for the same order.",
        formula="sum importance_reference(i-th column now) / log2(i + 1), over its largest value",
        source="Jarvelin and Kekalainen 2002, doi:10.1145/582415.582418; limit of Amazon SageMaker",
        needs=frozenset({Needs.IMPORTANCE}),
        better="higher",
        limit=0.9,
        minimum=30,
        measure=explanations.explanation_ndcg,
    ),
    Statistic(
        name="explanation_rank_correlation",
        title="Explanation drift (rank correlation)",
        family=Family.EXPLANATION,
        unit="1",
        definition="Spearman's correlation of the rankings of columns by mean absolute SHAP value, "
        "-1 to 1; unlike nDCG it counts unimportant columns like important ones.",
        formula="correlation of the ranks",
        source="Spearman 1904, doi:10.2307/1412159",
        needs=frozenset({Needs.IMPORTANCE}),
        better="higher",
        limit=None,
        minimum=30,
        measure=explanations.explanation_rank_correlation,
    ),
)
