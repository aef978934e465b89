"""What is tried, as files and settings that a worker process can be given."""

from dataclasses import dataclass

from lifecycle.domain.model import Columns, Task


@dataclass(frozen=True, slots=True)
class Runnable:
    """A version's model file and what it is called with.

    Parameters
    ----------
    features
        Columns it takes, in order.
    sensitive
        Columns whose values no sentence gives.
    """

    version_id: str
    file: str
    task: Task
    features: tuple[str, ...]
    positive: str | None = None
    threshold: float | None = None
    sensitive: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subject:
    """What is tried, as files and settings.

    Parameters
    ----------
    model, champion
        Model files that can be run; ``None`` where there is none.
    training
        The training rows as Parquet, if they are known and hold the outcome.
    """

    version_id: str
    task: Task
    columns: Columns
    features: tuple[str, ...]
    sensitive: tuple[str, ...]
    file: str
    model: Runnable | None
    champion: Runnable | None
    training: str | None
