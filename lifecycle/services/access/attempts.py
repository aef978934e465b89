"""How often a sign-in may fail: a sliding window per name and per address, in memory."""

import math
import threading
from collections import defaultdict
from datetime import datetime, timedelta

from lifecycle.errors import TooManyAttempts

WINDOW = timedelta(minutes=15)
PER_NAME = 5
PER_ADDRESS = 20
"""More than one name allows, because an office shares an address."""
MANY = 1_000
"""Keys from which on the forgotten ones are swept out, once in a window."""


class Attempts:
    """Sign-ins that have not succeeded, for as long as they count."""

    def __init__(self) -> None:
        self._failures: defaultdict[tuple[str, str], list[datetime]] = defaultdict(list)
        self._swept: datetime | None = None
        self._lock = threading.Lock()

    def begin(self, *, name: str, address: str | None, at: datetime) -> None:
        """Count an attempt before it is judged, so that parallel ones cannot slip through.

        Parameters
        ----------
        address
            Where it comes from; ``None`` for somebody who is in already, who can try one name only.

        Raises
        ------
        TooManyAttempts
            The name or the address failed too often; the sentence says for how long.
        """
        limits = {("name", name): PER_NAME}
        if address is not None:
            limits["address", address] = PER_ADDRESS
        with self._lock:
            self._sweep(at)
            for key, limit in limits.items():
                recent = [t for t in self._failures.get(key, ()) if at - t < WINDOW]
                if len(recent) >= limit:
                    left = math.ceil((recent[-limit] + WINDOW - at) / timedelta(minutes=1))
                    raise TooManyAttempts(f"too many failed sign-ins; try again in {left} min")
            for key in limits:
                self._failures[key].append(at)

    def succeed(self, *, name: str, address: str | None, at: datetime) -> None:
        """Forget the name's failures; of the address only this attempt was none."""
        with self._lock:
            self._failures.pop(("name", name), None)
            of_address = self._failures.get(("address", address or ""), [])
            if at in of_address:
                of_address.remove(at)

    def _sweep(self, at: datetime) -> None:
        # Once in a window: sweeping at every attempt would itself keep a flooded server busy.
        recently = self._swept is not None and at - self._swept < WINDOW
        if len(self._failures) < MANY or recently:
            return
        self._swept = at
        for key, times in list(self._failures.items()):
            if all(at - t >= WINDOW for t in times):
                del self._failures[key]
