"""What is watched about a version in production, and what it shows."""

from lifecycle.services.monitoring.definition import define
from lifecycle.services.monitoring.running import RunResult, run

__all__ = ["RunResult", "define", "run"]
