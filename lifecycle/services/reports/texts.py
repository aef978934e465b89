"""What people write into reports: by part and revision, apart from what is computed."""

from datetime import datetime

from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.model import Version
from lifecycle.errors import InvalidInput
from lifecycle.services.access.places import require_for
from lifecycle.services.reports.document import Written
from lifecycle.store import audit, models, report_texts
from lifecycle.store.connection import Connection, Workspace
from lifecycle.store.report_texts import ReportText

PARTS = {
    "summary": "Summary",
    "users": "Who should use it, and how",
    "limitations": "Limitations",
    "ethics": "Ethical considerations",
    "training": "How it was trained",
    "opinion": "The validator's opinion",
}
"""The parts that people write, by name, with their titles."""

LONGEST = 20_000


def write(
    ws: Workspace, model_id: str, version: str, part: str, text: str, *, by: Actor, at: datetime
) -> ReportText:
    """Write a part about a version; earlier revisions stay.

    Raises
    ------
    InvalidInput
        There is no such part, or the text is empty or too long.
    """
    require_for(ws.cursor(), model_id, Permission.ASSESS, by=by)
    subject = models.version(ws.cursor(), model_id, version)
    if part not in PARTS:
        raise InvalidInput(f"there is no part {part!r}; there is: {', '.join(PARTS)}")
    if not text.strip() or len(text) > LONGEST:
        raise InvalidInput(f"a part needs a text of at most {LONGEST} letters")
    with ws.transaction() as tx:
        known = report_texts.newest(tx, model_id).get(part)
        revision = 1 if known is None else known.revision + 1
        made = ReportText(model_id, part, revision, subject.id, text.strip(), by.name, at)
        report_texts.add(tx, made)
        details = {"part": part, "revision": revision}
        audit.append(
            tx,
            AuditEvent(
                "report.write", f"version:{subject.id}", by.name, at, via=by.via, details=details
            ),
        )
    return made


def written(con: Connection, version: Version, *parts: str) -> tuple[Written, ...]:
    """Return the newest text of each part, with why it may not hold for this version."""
    known = report_texts.newest(con, version.model_id)
    return tuple(
        Written(
            PARTS[part],
            known[part].text,
            known[part].written_by,
            known[part].written_at,
            known[part].revision,
            _stale(known[part], version),
        )
        for part in parts
        if part in known
    )


def _stale(held: ReportText, version: Version) -> str:
    if held.version_id != version.id:
        return f"it was written about {held.version_id}"
    return ""
