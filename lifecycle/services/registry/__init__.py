"""What there is: use cases, models, versions, datasets and the snapshots they stand on."""

from lifecycle.services.registry.business import add_model, add_use_case, set_kpis
from lifecycle.services.registry.sources import add_dataset, add_snapshot
from lifecycle.services.registry.versions import add_version, file_of, move_version

__all__ = [
    "add_dataset",
    "add_model",
    "add_snapshot",
    "add_use_case",
    "add_version",
    "file_of",
    "move_version",
    "set_kpis",
]
