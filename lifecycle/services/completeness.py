"""How much of what a risk tier asks for is on record, and what is missing."""

from collections.abc import Collection, Mapping
from types import MappingProxyType

from lifecycle.domain.evidence import Purpose
from lifecycle.domain.model import Model, ModelKind, Version
from lifecycle.domain.usecase import Tier, UseCase

ALWAYS = ("sponsor", "KPIs", "version")
LIMITED = ("intended use", "reference snapshot", "code commit", "performance evidence", "monitor")
HIGH = (
    "out-of-scope use",
    "affected persons",
    "expected value",
    "expected cost",
    "model file",
    "training snapshot",
    "sensitive columns",
    "fairness evidence",
    "explanation evidence",
)

WANTED: Mapping[Tier, tuple[str, ...]] = MappingProxyType(
    {
        Tier.MINIMAL: ALWAYS,
        Tier.LIMITED: (*ALWAYS, *LIMITED),
        Tier.HIGH: (*ALWAYS, *LIMITED, *HIGH),
        Tier.PROHIBITED: (*ALWAYS, *LIMITED, *HIGH),
    }
)
"""Fields by tier, beyond those without which nothing can be registered; house defaults."""

OF_A_FILE = frozenset({"model file", "explanation evidence", "code commit", "training snapshot"})
"""What only a model of one's own can have."""


def missing(
    use_case: UseCase,
    model: Model,
    version: Version | None,
    *,
    evidence: Collection[Purpose],
    monitored: bool,
) -> tuple[tuple[str, ...], float]:
    """Return the missing fields, and the share of the wanted ones that are filled."""
    wanted = WANTED[use_case.tier]
    if model.kind is ModelKind.VENDOR:
        wanted = (*(name for name in wanted if name not in OF_A_FILE), "vendor")
    filled = _filled(use_case, model, version, evidence=evidence, monitored=monitored)
    absent = tuple(name for name in wanted if not filled[name])
    return absent, 1 - len(absent) / len(wanted)


def _filled(
    use_case: UseCase,
    model: Model,
    version: Version | None,
    *,
    evidence: Collection[Purpose],
    monitored: bool,
) -> dict[str, bool]:
    columns = version.columns if version else None
    return {
        "sponsor": bool(use_case.sponsor),
        "KPIs": bool(use_case.kpis),
        "version": version is not None,
        "intended use": bool(model.intended_use),
        "out-of-scope use": bool(model.out_of_scope),
        "vendor": bool(model.vendor),
        "affected persons": bool(use_case.affected),
        "expected value": use_case.value is not None,
        "expected cost": use_case.cost is not None,
        "model file": bool(version and version.artifact),
        "reference snapshot": bool(version and version.reference),
        "training snapshot": bool(version and version.training),
        "code commit": bool(version and version.code_commit),
        "sensitive columns": bool(columns and columns.sensitive),
        "performance evidence": Purpose.PERFORMANCE in evidence,
        "fairness evidence": Purpose.FAIRNESS in evidence,
        "explanation evidence": Purpose.EXPLANATION in evidence,
        "monitor": monitored,
    }
