"""Which kinds of long work there are: one table for the server, the API and the commands."""

from collections.abc import Mapping

from lifecycle.services import assessment, explanation, mitigation
from lifecycle.services.jobs import Kind
from lifecycle.services.monitoring import explaining

KINDS: Mapping[str, Kind] = {
    **explanation.KINDS,
    **assessment.KINDS,
    **mitigation.KINDS,
    **explaining.KINDS,
}
"""How jobs start and what is kept of them, by the kind's name."""
