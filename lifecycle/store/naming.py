"""Sentences about names: nothing is called so, or something already is."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from difflib import get_close_matches

import duckdb

from lifecycle.errors import Conflict, NotFound


def not_found(kind: str, wanted: str, *, known: Iterable[str] = ()) -> NotFound:
    """Say that nothing of a kind goes by a name, and what the name may have been meant to be."""
    close = get_close_matches(wanted, list(known), n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return NotFound(f"there is no {kind} {wanted!r}{hint}")


@contextmanager
def unique(kind: str, name: str) -> Generator[None]:
    """Turn a duplicate key into a sentence.

    Raises
    ------
    Conflict
        The name is taken.
    """
    try:
        yield
    except duckdb.ConstraintException as error:
        raise Conflict(f"there is already a {kind} {name!r}") from error
