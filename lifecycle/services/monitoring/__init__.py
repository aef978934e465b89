"""What is watched about a version in production, and what it shows."""

from lifecycle.services.monitoring.definition import change, define
from lifecycle.services.monitoring.preview import Preview, preview
from lifecycle.services.monitoring.running import RunResult, run

__all__ = ["Preview", "RunResult", "change", "define", "preview", "run"]
