"""What each step needs: policies are drafted, compared, tried out on the portfolio, published."""

from lifecycle.services.policies.publishing import (
    check,
    discard,
    draft,
    install,
    publish,
    shipped,
)
from lifecycle.services.policies.reading import read
from lifecycle.services.policies.trying import what_if

__all__ = ["check", "discard", "draft", "install", "publish", "read", "shipped", "what_if"]
