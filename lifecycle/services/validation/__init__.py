"""Is a version sound: tried in a worker process against its plan, champion and training rows."""

from lifecycle.services.validation.settings import Direction, Trials
from lifecycle.services.validation.subject import Runnable, Subject

__all__ = ["Direction", "Runnable", "Subject", "Trials"]
