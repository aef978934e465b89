"""What a report is made of, whichever way it is written: sections of facts, texts and numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from lifecycle.domain.evidence import Evidence
from lifecycle.domain.measurement import Measurement


class Audience(StrEnum):
    """Who a report is for: each reads what the one before reads, and more."""

    PUBLIC = "public"
    MANAGER = "manager"
    ENGINEER = "engineer"


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and what they are."""

    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Sentences:
    """Sentences, one under the other."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """What a person wrote, kept apart from what was computed.

    Parameters
    ----------
    stale
        Why it may no longer hold; empty when nothing speaks against it.
    """

    name: str
    text: str
    by: str
    at: datetime
    revision: int
    stale: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of texts."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """Numbers of one evidence record, all or some; each is linked to it.

    Parameters
    ----------
    chart
        The message over a chart of these numbers; no chart when empty.
    """

    evidence: Evidence
    measurements: tuple[Measurement, ...]
    chart: str = ""


Block: TypeAlias = Facts | Sentences | Written | Grid | Measured


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a report.

    Parameters
    ----------
    stale
        Why what it says may no longer hold; empty when nothing speaks against it.
    audience
        The first of the audiences that reads it.
    """

    title: str
    blocks: tuple[Block, ...]
    stale: str = ""
    audience: Audience = Audience.PUBLIC


@dataclass(frozen=True, slots=True)
class Document:
    """A report, made from the records at a time.

    Parameters
    ----------
    header
        What the Hugging Face Hub reads at the top of a model card.
    """

    title: str
    kind: str
    version_id: str
    made_at: datetime
    sections: tuple[Section, ...]
    audience: Audience = Audience.ENGINEER
    header: Mapping[str, object] = field(default_factory=dict[str, object])

    def to(self, audience: Audience) -> "Document":
        """Return what an audience reads of it."""
        order = list(Audience)
        kept = [s for s in self.sections if order.index(s.audience) <= order.index(audience)]
        return replace(self, sections=tuple(kept), audience=audience)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The evidence its numbers come from, each once."""
        blocks = [b for s in self.sections for b in s.blocks if isinstance(b, Measured)]
        return tuple({b.evidence.id: b.evidence for b in blocks}.values())
