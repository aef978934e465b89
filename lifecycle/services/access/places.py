"""Where in the portfolio something is, and whether somebody's roles reach there."""

from collections.abc import Callable
from functools import cache

from lifecycle.domain.actor import SENTENCES, Actor, Permission
from lifecycle.domain.reach import EVERYWHERE, UNIT, Place
from lifecycle.domain.usecase import UseCase
from lifecycle.errors import NotAllowed
from lifecycle.store import models, usecases
from lifecycle.store.connection import Connection


def place_of(use_case: UseCase) -> Place:
    """Return the business unit and the risk tier of a use case."""
    return Place(use_case.tags.get(UNIT, ""), use_case.tier)


def place_at(con: Connection, subject: str) -> Place:
    """Return where a model, or the version ``model/name``, is.

    Raises
    ------
    NotFound
        There is no such model.
    """
    model = models.get(con, subject.partition("/")[0])
    return place_of(usecases.get(con, model.use_case_id))


def require_for(con: Connection, subject: str, permission: Permission, *, by: Actor) -> None:
    """Refuse in one sentence unless somebody holds a permission for this.

    Parameters
    ----------
    subject
        The id of a model, or of one of its versions.

    Raises
    ------
    NotAllowed
        No role of theirs grants it, or it does not reach the model's unit or tier.
    NotFound
        There is no such model; only whose roles are limited is told so here.
    """
    by.require(permission)
    if by.reach != EVERYWHERE:
        by.require(permission, within=place_at(con, subject))


def require_everywhere(permission: Permission, *, by: Actor) -> None:
    """Refuse whoever's roles are for part of the portfolio: what is asked for is all of it.

    Raises
    ------
    NotAllowed
        No role of theirs grants it, or their roles reach part of the portfolio only.
    """
    by.require(permission)
    if by.reach != EVERYWHERE:
        raise NotAllowed(
            f"{by.name} may {SENTENCES[permission]} in {by.reach}; this is about everything"
        )


def within_reach(con: Connection, by: Actor) -> Callable[[str], bool]:
    """Return what tells whether somebody's roles reach a model or a version, for long lists."""
    if by.reach == EVERYWHERE:
        return lambda _: True

    @cache
    def reaches(model_id: str) -> bool:
        return by.reach.covers(place_at(con, model_id))

    return lambda subject: reaches(subject.partition("/")[0])
