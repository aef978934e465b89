"""How well a multi-class model's scores rank and fit, where every class has a score."""

from collections.abc import Sequence
from dataclasses import replace

from lifecycle.engines import Engine
from lifecycle.engines.contract import Grouping, ScoredRows, Source
from lifecycle.services.analysis.outcomes import Roles
from lifecycle.services.analysis.result import Draft
from lifecycle.stats import catalogue
from lifecycle.stats.performance.classes import (
    log_loss_classes,
    roc_auc_hand_till,
    roc_auc_ovr,
)


def measure_class_scores(
    engine: Engine,
    source: Source,
    *,
    roles: Roles,
    groupings: Sequence[Grouping],
    confidence: float,
) -> list[Draft]:
    """Measure how the scores rank rows and the log loss, per slice and window."""
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
    labels, scores = rows.labels, rows.scores
    found = {
        "roc_auc_ovr": roc_auc_ovr(labels, scores, confidence=confidence),
        "roc_auc_hand_till": roc_auc_hand_till(labels, scores),
        "log_loss": log_loss_classes(labels, scores, confidence=confidence),
    }
    return [
        Draft(
            statistic=catalogue.get(name),
            estimate=replace(estimate, reason=estimate.reason or left_out),
            slice=rows.slice,
            window=rows.window,
        )
        for name, estimate in found.items()
    ]
