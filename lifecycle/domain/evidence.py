"""What was measured about a version, frozen and known by the hash of its content."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from lifecycle.domain.audit import canonical, plain
from lifecycle.domain.measurement import Measurement, State, judgement


class Purpose(StrEnum):
    """What an assessment is for."""

    PERFORMANCE = "performance"
    FAIRNESS = "fairness"
    VALIDATION = "validation"
    EXPLANATION = "explanation"
    DRIFT = "drift"
    QUALITY = "quality"
    MITIGATION = "mitigation"
    ATTESTATION = "attestation"


@dataclass(frozen=True)  # no slots: the hash is made once and asked for often
class Evidence:
    """An assessment's results, immutable from the moment they are kept.

    Parameters
    ----------
    snapshot_id
        The rows it was measured on; ``None`` for an attestation.
    plan
        What was to be measured and against which limits, fixed before the results.
    method
        How: seed, library versions, settings; what a rerun needs.
    payload
        Results that are not single numbers (SHAP values per column, curves). JSON values only.
    """

    version_id: str
    purpose: Purpose
    snapshot_id: str | None
    measurements: tuple[Measurement, ...]
    created_at: datetime
    created_by: str
    plan: Mapping[str, object] = field(default_factory=dict[str, object])
    method: Mapping[str, object] = field(default_factory=dict[str, object])
    payload: Mapping[str, object] = field(default_factory=dict[str, object])

    @cached_property
    def sha256(self) -> str:
        """The hash of everything above."""
        return hashlib.sha256(canonical(plain(self)).encode()).hexdigest()

    @property
    def id(self) -> str:
        """A short name made from the hash, so a changed record cannot keep its name."""
        return id_of(self.sha256)

    @property
    def state(self) -> State:
        """The worst state among the measurements that were judged; nothing judged is no pass."""
        return judgement(self.measurements)


def id_of(sha256: str) -> str:
    """Return the short name of evidence with that hash."""
    return f"ev-{sha256[:12]}"
