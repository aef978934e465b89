"""Try a version as its plan asks, trial after trial; only ever in a worker process."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lifecycle.domain.measurement import Measurement
from lifecycle.domain.model import Task
from lifecycle.errors import InsufficientData, InvalidInput
from lifecycle.services.validation import comparing, costs, rows_alike, shaking
from lifecycle.services.validation.answering import Answering, load, positives, texts
from lifecycle.services.validation.bench import Bench, Rows, labelled, metric_of, read
from lifecycle.services.validation.settings import Trials
from lifecycle.services.validation.subject import Subject
from lifecycle.services.validation.tried import Trial, Tried, failure, measured
from lifecycle.stats.validation.levels import Metric

Report = Callable[[float, str], None]

TRIALS: Mapping[str, Callable[[Bench], Trial]] = {
    "baseline_gain": comparing.baseline_gain,
    "champion_gain": comparing.champion_gain,
    "decision_gain": comparing.decision_gain,
    "generalisation_gap": comparing.generalisation_gap,
    "fold_spread": comparing.fold_spread,
    "seed_spread": comparing.seed_spread,
    "calibration_slope": comparing.calibration_slope,
    "calibration_intercept": comparing.calibration_intercept,
    "training_overlap": rows_alike.training_overlap,
    "duplicate_share": rows_alike.duplicate_share,
    "single_feature_auc": rows_alike.single_feature_auc,
    "outside_training_share": rows_alike.outside_training_share,
    "noise_loss": shaking.noise_loss,
    "missing_loss": shaking.missing_loss,
    "category_loss": shaking.category_loss,
    "worst_slice_gap": shaking.worst_slice_gap,
    "flip_share": shaking.flip_share,
    "monotonicity_breaks": shaking.monotonicity_breaks,
    "scoring_latency": costs.scoring_latency,
    "scoring_memory": costs.scoring_memory,
    "file_size": costs.file_size,
}
"""How each statistic of validation is tried."""

DIFFERENT = 1e-4
"""How far a score may be from the logged one before a reader should know."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the trials came to, before a plan judges it.

    Parameters
    ----------
    findings
        What a reader should know beside the numbers, a sentence each.
    """

    measurements: tuple[Measurement, ...]
    findings: tuple[str, ...]
    rows: int
    metric: Metric


def try_all(
    subject: Subject,
    names: tuple[str, ...],
    *,
    settings: Trials,
    seed: int,
    confidence: float,
    report: Report,
) -> Found:
    """Run the trials of some statistics.

    Raises
    ------
    InvalidInput
        The model cannot be run on these rows.
    InsufficientData
        No row has an outcome.
    """
    bench = set_up(subject, settings=settings, seed=seed, confidence=confidence)
    made: list[Measurement] = []
    for number, name in enumerate(names):
        report(number / len(names), f"Trying {name} on {len(bench.rows)} rows")
        made += measured(name, _tried(name, bench))
    findings = _findings(bench)
    if "worst_slice_gap" in names:
        findings += shaking.unsearched(bench)
    return Found(tuple(made), tuple(findings), len(bench.rows), bench.metric)


def _tried(name: str, bench: Bench) -> list[Tried]:
    """Run one trial; whatever raises in it is an error of that statistic alone."""
    try:
        return list(TRIALS[name](bench))
    except InvalidInput as error:
        return [failure(str(error))]
    except Exception as error:  # noqa: BLE001 -- one trial must not take the others with it
        # What it raised may repeat a value, and protected ones are not said.
        said = "" if bench.sensitive else f": {error}"
        return [failure(f"the trial raises {type(error).__name__}{said}"[:300])]


def set_up(subject: Subject, *, settings: Trials, seed: int, confidence: float) -> Bench:
    """Read rows and model, and let the model answer."""
    memory = costs.peak_memory()
    model = None if subject.model is None else load(subject.model)
    champion = None if subject.champion is None else load(subject.champion)
    rows = _rows(subject, champion, settings=settings, seed=seed)
    left_out: tuple[str, ...] = ()
    if model is not None:
        answers, scored = model.answers(rows.frame), model.scored
    else:
        rows, answers, scored, left_out = _answered(subject, rows)
    return Bench(
        version_id=subject.version_id,
        task=subject.task,
        columns=subject.columns,
        features=subject.features,
        sensitive=subject.sensitive,
        settings=settings,
        seed=seed,
        confidence=confidence,
        metric=metric_of(subject.task, scored=scored, asked=settings.metric),
        rows=rows,
        answers=answers,
        scored=scored,
        model=model,
        champion=champion,
        training=_training(subject, settings=settings, seed=seed),
        file=None if subject.model is None else subject.model.file,
        memory=memory,
        snapshot=Path(subject.file),
        trained_on=None if subject.training is None else Path(subject.training),
        left_out=left_out,
    )


def _rows(subject: Subject, champion: Answering | None, *, settings: Trials, seed: int) -> Rows:
    columns = subject.columns
    theirs = () if champion is None else champion.about.features
    answers = [name for name in (columns.score, columns.prediction) if name]
    wanted = (columns.target, *subject.features, *theirs, *answers, *subject.sensitive)
    names = list(dict.fromkeys((*wanted, *settings.slices)))
    frame = read(Path(subject.file), names, most=settings.rows, seed=seed)
    return labelled(frame, columns=columns, task=subject.task)


def _training(subject: Subject, *, settings: Trials, seed: int) -> Rows | None:
    if subject.training is None:
        return None
    names = list(dict.fromkeys((subject.columns.target, *subject.features)))
    frame = read(Path(subject.training), names, most=settings.rows, seed=seed)
    return labelled(frame, columns=subject.columns, task=subject.task)


def _answered(subject: Subject, rows: Rows) -> tuple[Rows, NDArray[Any], bool, tuple[str, ...]]:
    """Keep the rows with a logged answer that is one, and say how many have none.

    Raises
    ------
    InvalidInput
        No answers are logged.
    InsufficientData
        No row has one.
    """
    logged, scored = _logged(subject, rows)
    if logged is None:
        raise InvalidInput(f"{subject.version_id} has neither a model file nor logged answers")
    if scored:
        usable = (logged >= 0) & (logged <= 1)
    else:
        usable = np.isfinite(logged) if logged.dtype.kind == "f" else logged != ""
    column = subject.columns.score if scored else subject.columns.prediction
    what = "score between 0 and 1" if scored else "answer"
    if not usable.any():
        raise InsufficientData(f"no row has a logged {what} in column {column!r}")
    lost = int((~usable).sum())
    said = f"{lost} of {len(rows)} rows have no {what} in column {column} and are left out"
    kept = Rows(rows.frame[usable].reset_index(drop=True), rows.labels[usable])
    return kept, logged[usable], scored, (said,) if lost else ()


def _logged(subject: Subject, rows: Rows) -> tuple[Any, bool]:
    """Return the answers that the snapshot holds, and whether they are scores."""
    columns, frame = subject.columns, rows.frame
    if subject.task is Task.BINARY and columns.score:
        return frame[columns.score].to_numpy(dtype=float, na_value=np.nan), True
    if columns.prediction is None:
        return None, False
    if subject.task is Task.REGRESSION:
        return frame[columns.prediction].to_numpy(dtype=float, na_value=np.nan), False
    if subject.task is Task.BINARY:
        return positives(frame[columns.prediction], positive=columns.positive), False
    return texts(frame[columns.prediction]), False


def _findings(bench: Bench) -> list[str]:
    """Say what a reviewer must know beside the numbers."""
    score = bench.columns.score
    if bench.model is None:
        return ["no model file was run: the answers are the logged ones", *bench.left_out]
    if not bench.scored or score is None:
        return []
    logged = bench.rows.frame[score].to_numpy(dtype=float, na_value=np.nan)
    apart = np.abs(logged - bench.answers)
    different = int((apart > DIFFERENT).sum())
    if not different:
        return []
    most = f"{np.nanmax(apart):.3g}"
    return [f"{different} of {len(apart)} scores of the file are up to {most} off column {score}"]
