"""A snapshot's rows as a Parquet file that an engine opens, with a decision beside each score."""

import os
import shutil
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from lifecycle.domain.dataset import Snapshot
from lifecycle.domain.model import Columns
from lifecycle.engines import parting, rows
from lifecycle.store import artifacts
from lifecycle.store.connection import Workspace


@contextmanager
def opened(
    ws: Workspace, snapshot: Snapshot, *, columns: Columns, apart: Sequence[Path] = ()
) -> Generator[Path]:
    """Give the rows of a snapshot a name with an ending, for as long as they are read.

    Parameters
    ----------
    apart
        Files with columns of it that are kept apart, to be read with the others.

    Notes
    -----
    Where nothing was decided and the version has a threshold, the column `rows.DECISION` says
    1 for a score from the threshold on.
    """
    artifact = artifacts.path(ws, snapshot.artifact)
    if columns.score not in {c.name for c in snapshot.columns}:
        columns = replace(columns, score=None)
    with tempfile.TemporaryDirectory(dir=ws.tmp) as folder:
        yield placed(artifact, Path(folder), columns=columns, apart=apart)


def placed(artifact: Path, folder: Path, *, columns: Columns, apart: Sequence[Path] = ()) -> Path:
    """Put an artefact's rows into a folder, with a decision beside each score if none was made."""
    file = folder / "snapshot.parquet"
    artifact = joined(artifact, folder, apart=apart)
    if derives_decision(columns):
        rows.decide(
            artifact, into=file, score=columns.score or "", threshold=columns.threshold or 0.0
        )
    else:
        _link(artifact, file)
    return file


def joined(artifact: Path, folder: Path, *, apart: Sequence[Path]) -> Path:
    """Return an artefact's rows with the columns that are kept apart from them, if any are meant.

    Where some are, the rows lie in that folder and go with it.
    """
    if not apart:
        return artifact
    parting.whole(artifact, apart, into=folder / "whole.parquet")
    return folder / "whole.parquet"


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
