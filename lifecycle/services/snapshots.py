"""A snapshot's rows as a Parquet file that an engine opens, with a decision beside each score."""

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from lifecycle.domain.dataset import Snapshot
from lifecycle.domain.model import Columns
from lifecycle.engines import rows
from lifecycle.store import artifacts
from lifecycle.store.connection import Workspace


@contextmanager
def opened(ws: Workspace, snapshot: Snapshot, *, columns: Columns) -> Generator[Path]:
    """Give the rows of a snapshot a name with an ending, for as long as they are read.

    Where nothing was decided and the version has a threshold, the column `rows.DECISION` says
    1 for a score from the threshold on.
    """
    artifact = artifacts.path(ws, snapshot.artifact)
    if columns.score not in {c.name for c in snapshot.columns}:
        columns = replace(columns, score=None)
    with tempfile.TemporaryDirectory(dir=ws.tmp) as folder:
        yield placed(artifact, Path(folder), columns=columns)


def placed(artifact: Path, folder: Path, *, columns: Columns) -> Path:
    """Put an artefact's rows into a folder, with a decision beside each score if none was made."""
    file = folder / "snapshot.parquet"
    if derives_decision(columns):
        rows.decide(
            artifact, into=file, score=columns.score or "", threshold=columns.threshold or 0.0
        )
    else:
        _link(artifact, file)
    return file


def derives_decision(columns: Columns) -> bool:
    """Tell whether decisions follow from score and threshold, because none are logged."""
    scored = columns.score is not None and columns.threshold is not None
    return scored and columns.prediction is None


def _link(source: Path, target: Path) -> None:
    """Name a file a second time; copy it where the file system cannot do that."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
