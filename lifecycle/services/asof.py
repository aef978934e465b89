"""What was live at a time, approved by whom, on what evidence: answered from the trail."""

from dataclasses import dataclass
from datetime import datetime

from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.history import Portfolio, told_by
from lifecycle.errors import InvalidInput
from lifecycle.store import audit, models
from lifecycle.store.connection import Workspace


@dataclass(frozen=True, slots=True)
class AsOf:
    """The portfolio, or one model, as it stood at a time.

    Parameters
    ----------
    sequence, hash
        The last event that had happened by then: what the answer can be checked against.
    """

    at: datetime
    model_id: str | None
    sequence: int
    hash: str
    told: Portfolio


def as_of(
    workspace: Workspace, at: datetime, *, model_id: str | None = None, by: Actor, now: datetime
) -> AsOf:
    """Tell what was true at a time.

    Raises
    ------
    InvalidInput
        The time lies in the future.
    NotFound
        There is no such model.
    """
    by.require(Permission.READ)
    if at > now:
        raise InvalidInput(f"{at:%Y-%m-%d %H:%M} UTC is in the future; nothing is recorded of it")
    con = workspace.cursor()
    if model_id is not None:
        models.get(con, model_id)
    sequence, hash_ = audit.head(con, at=at)
    told = told_by(audit.until(con, at, model_id=model_id), at=at)
    return AsOf(at, model_id, sequence, hash_, told)
