"""What each step needs: policies are drafted, compared, tried out on the portfolio, published."""

from lifecycle.services.policies.publishing import (
    check,
    discard,
    draft,
    install,
    publish,
    shipped,
)
from lifecycle.services.policies.reading import read, written
from lifecycle.services.policies.trying import Trial, what_if

__all__ = [
    "Trial",
    "check",
    "discard",
    "draft",
    "install",
    "publish",
    "read",
    "shipped",
    "what_if",
    "written",
]
