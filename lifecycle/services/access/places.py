"""Where in the portfolio something is, and whether somebody's roles reach there."""

from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.reach import EVERYWHERE, UNIT, Place
from lifecycle.domain.usecase import UseCase
from lifecycle.store import models, usecases
from lifecycle.store.connection import Connection


def place_of(use_case: UseCase) -> Place:
    """Return the business unit and the risk tier of a use case."""
    return Place(use_case.tags.get(UNIT, ""), use_case.tier)


def require_for(con: Connection, model_id: str, permission: Permission, *, by: Actor) -> None:
    """Refuse in one sentence unless somebody holds a permission for this model.

    Raises
    ------
    NotAllowed
        No role of theirs grants it, or it does not reach the model's unit or tier.
    NotFound
        There is no such model; only whose roles are limited is told so here.
    """
    by.require(permission)
    if by.reach != EVERYWHERE:
        use_case = usecases.get(con, models.get(con, model_id).use_case_id)
        by.require(permission, within=place_of(use_case))
