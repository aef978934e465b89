"""What a model's page says about fairness, explanations and validation; the pages have the rest."""

from typing import TYPE_CHECKING

from app import session, validation_parts, widgets
from lifecycle.charts import groups, importance, soundness, tables, wording
from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.services import assessment, withholding
from lifecycle.stats import catalogue
from lifecycle.store import evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lifecycle.domain.model import Model, Version
    from lifecycle.store.connection import Connection

GAPS = frozenset(gap.name for gap in (*catalogue.FAIRNESS_GAPS, *catalogue.FAIRNESS_MEANS))
DRIVERS = 10
"""As many columns as a reader takes in at once; the page has all."""


def fairness(con: "Connection", model: "Model", known: "Sequence[Version]") -> None:
    """Show the gaps between groups in the newest assessment of each version."""
    found = _newest(con, known, purpose=Purpose.FAIRNESS)
    if not found:
        hint = (
            f"`lifecycle assess {model.id} VERSION --snapshot … --plan …` with sensitive columns."
        )
        widgets.empty("No version was assessed by groups yet", hint=hint)
    for version, kept in found:
        seen = withholding.shown(kept, shown_from=session.workspace().shown_from)
        gaps = [m for m in seen if m.statistic in GAPS]
        limited = [m for m in seen if m.limit is not None and m not in gaps]
        rates = f" By group: {soundness.message(limited)}." if limited else ""
        said = f"**Version {version.name}.** {groups.gap_message(gaps)}.{rates} {_source(kept)}"
        widgets.judgement([*gaps, *limited], said)
        rows = tables.rows([*gaps, *limited])
        widgets.table(rows, name=f"gaps_{version.name}", alt=f"Gaps of version {version.name}")
        _open("fairness", version, label="Rates by group, intersections, thresholds")


def explanations(con: "Connection", model: "Model", known: "Sequence[Version]") -> None:
    """Show the columns that drive each version most."""
    found = _newest(con, known, purpose=Purpose.EXPLANATION)
    if not found:
        hint = f"`lifecycle version explain {model.id} VERSION` computes SHAP values."
        widgets.empty("No version was explained yet", hint=hint)
    for version, kept in found:
        drivers = importance.drivers(kept)
        title = f"Version {version.name}: {importance.message(drivers)}"
        widgets.note(_source(kept), icon="verified")
        unit = str(kept.method["output_space"])
        figure = importance.bars(drivers[:DRIVERS], title=title, space=unit)
        rows = importance.rows(kept)
        widgets.chart(figure, name=f"drivers_{version.name}", alt=title, rows=rows)
        _open("explanations", version, label="Along a column, groups, one decision, compare")


def validation(con: "Connection", model: "Model", known: "Sequence[Version]") -> None:
    """Say what the plans of each version came to."""
    found = [(v, assessment.against_plans(con, v.id)) for v in known]
    found = [(version, kept) for version, kept in found if kept]
    if not found:
        hint = f"`lifecycle assess {model.id} VERSION --snapshot … --plan …` measures against one."
        widgets.empty("No version was measured against a plan yet", hint=hint)
    for version, kept in found:
        widgets.note(f"**Version {version.name}**", icon="deployed_code")
        validation_parts.verdict(kept)
        _open("validation", version, label="The plan, the trials, how to repeat them")


def _newest(
    con: "Connection", known: "Sequence[Version]", *, purpose: Purpose
) -> "list[tuple[Version, Evidence]]":
    found = ((version, evidence.latest(con, version.id, purpose)) for version in known)
    return [(version, kept) for version, kept in found if kept]


def _source(kept: Evidence) -> str:
    return f"Evidence `{kept.id}` of {wording.moment(kept.created_at)}."


def _open(page: str, version: "Version", *, label: str) -> None:
    widgets.link(page, label=label, icon="search", model=version.model_id, version=version.name)
