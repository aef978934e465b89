"""HTTP routes by subject: JSON or rows in, one use case, JSON out.

`create` gives an ASGI application. The server mounts it under ``/api/v1``; the client calls the
same application in its own process when no server runs, so there is one code path.
"""

from lifecycle.api.application import create
from lifecycle.api.door import ACTOR

__all__ = ["ACTOR", "create"]
