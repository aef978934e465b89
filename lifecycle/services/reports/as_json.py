"""A report as JSON values: the numbers as they are, each under the evidence it comes from."""

from typing import Any

from lifecycle.domain.audit import plain
from lifecycle.services.reports.document import Block, Document, Measured


def as_json(made: Document) -> dict[str, Any]:
    """Return a report as JSON values."""
    return {
        "title": made.title,
        "kind": made.kind,
        "version": made.version_id,
        "audience": made.audience.value,
        "made_at": plain(made.made_at),
        "sections": [
            {
                "title": section.title,
                "stale": section.stale or None,
                "blocks": [_block(block) for block in section.blocks],
            }
            for section in made.sections
        ],
        "evidence": [
            {
                "id": kept.id,
                "sha256": kept.sha256,
                "purpose": kept.purpose,
                "snapshot": kept.snapshot_id,
                "state": kept.state,
                "made_by": kept.created_by,
                "made_at": plain(kept.created_at),
                "measurements": plain(kept.measurements),
            }
            for kept in made.evidence
        ],
    }


def _block(block: Block) -> dict[str, object]:
    kind = {"kind": type(block).__name__.lower()}
    if isinstance(block, Measured):
        held = [{**_plain(m), "evidence": block.evidence.id} for m in block.measurements]
        return {**kind, "evidence": block.evidence.id, "measurements": held}
    return {**kind, **_plain(block)}


def _plain(value: object) -> dict[str, Any]:
    return plain(value)  # pyright: ignore[reportReturnType] -- a record becomes a mapping
