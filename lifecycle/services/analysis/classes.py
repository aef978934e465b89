"""How well a multi-class model's scores rank and fit, where every class has a score."""

from collections.abc import Sequence
from dataclasses import replace

from lifecycle.engines import Engine
from lifecycle.engines.contract import Grouping, ScoredRows, Source
from lifecycle.services.analysis.outcomes import Roles
from lifecycle.services.analysis.result import Draft
from lifecycle.stats import catalogue
from lifecycle.stats.catalogue import Family, Statistic
from lifecycle.stats.performance.classes import log_loss_classes, roc_auc_hand_till

HAND_TILL = Statistic(
    name="roc_auc_hand_till",
    title="Area under the curve, by pairs of classes",
    family=Family.PERFORMANCE,
    unit="1",
    definition="Chance that a row of one class scores higher for it than a row of another class, "
    "averaged over all ordered pairs of classes; how common classes are does not matter.",
    formula="mean over i != j of P(score_i of a row of i > score_i of a row of j)",
    source="Hand and Till 2001, doi:10.1023/A:1010920819831",
    needs=frozenset(),  # it ranks rows, so no summary carries it
    better="higher",
    limit=None,
    minimum=30,
    measure=roc_auc_hand_till,
)


def measure_class_scores(
    engine: Engine,
    source: Source,
    *,
    roles: Roles,
    groupings: Sequence[Grouping],
    confidence: float,
) -> list[Draft]:
    """Measure Hand and Till's area and the log loss per slice and window."""
    scored = engine.class_scores(
        source, label=roles.target, scores=roles.class_scores, groupings=groupings
    )
    return [draft for rows in scored for draft in _drafts(rows, confidence=confidence)]


def _drafts(rows: ScoredRows, *, confidence: float) -> list[Draft]:
    left_out = (
        f"{rows.left_out} rows without an outcome or a score of every class left out"
        if rows.left_out
        else None
    )
    found = (
        (HAND_TILL, HAND_TILL.measure(rows.labels, rows.scores)),
        (
            catalogue.get("log_loss"),
            log_loss_classes(rows.labels, rows.scores, confidence=confidence),
        ),
    )
    return [
        Draft(
            statistic=statistic,
            estimate=replace(estimate, reason=estimate.reason or left_out),
            slice=rows.slice,
            window=rows.window,
        )
        for statistic, estimate in found
    ]
