"""Measure what a plan asks for, from files alone: here, or in a worker process."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from lifecycle.domain.evidence import Purpose
from lifecycle.domain.model import Task
from lifecycle.domain.written import written
from lifecycle.engines import Engine, choose, rows
from lifecycle.engines.conditions import Missing, Outside
from lifecycle.engines.contract import Source
from lifecycle.errors import InvalidInput
from lifecycle.services import snapshots
from lifecycle.services.analysis.fairness import FairnessOptions, fitting, measure_fairness
from lifecycle.services.analysis.outcomes import Roles
from lifecycle.services.analysis.outcomes import Task as Answers
from lifecycle.services.analysis.performance import PerformanceOptions, measure_performance
from lifecycle.services.analysis.result import Result
from lifecycle.services.assessment.judging import judged
from lifecycle.services.assessment.work import Found, Work, as_json, from_settings
from lifecycle.services.plans import Plan
from lifecycle.services.validation import Subject
from lifecycle.stats import catalogue
from lifecycle.stats.catalogue import Needs

Report = Callable[[float, str], None]

MEASURED = 0.9
"""How far a job has come when everything is measured."""


def run(settings: Mapping[str, Any], *, folder: Path, report: Report) -> dict[str, object]:
    """Measure in a worker process."""
    work, plan = from_settings(settings)
    asked = {Purpose(one): plan.statistics[Purpose(one)] for one in settings["purposes"]}
    found = measure(work, replace(plan, statistics=asked), folder=folder, report=report)
    report(MEASURED, "Handing the results over")
    return {"found": [as_json(one) for one in found]}


def measure(work: Work, plan: Plan, *, folder: Path, report: Report) -> list[Found]:
    """Measure a plan's purposes one after the other, each value judged by the plan.

    Raises
    ------
    InvalidInput
        The snapshot lacks a column the plan needs.
    """
    whole = snapshots.joined(Path(work.file), folder, apart=[Path(part) for part in work.apart])
    work = replace(work, file=str(whole))
    counting = [p for p, names in plan.statistics.items() if names and p is not Purpose.VALIDATION]
    made: list[Found] = []
    if plan.statistics.get(Purpose.VALIDATION):
        share = MEASURED / (len(counting) + 1)  # before counting, which takes memory of its own
        made.append(_validated(work, plan, report=lambda part, note: report(share * part, note)))
    if counting:
        file = snapshots.placed(Path(work.file), folder, columns=work.columns)
        with choose() as engine:
            source = replace(engine.open(str(file)), label=f"snapshot {work.snapshot_id}")
            counted = replace(plan, statistics={p: plan.statistics[p] for p in counting})
            made += _counted(engine, source, work, counted, report=report)
    return made


def _validated(work: Work, plan: Plan, *, report: Report) -> Found:
    """Run the model file; imported here, because only this needs what models are made of."""
    from lifecycle.services.validation.trying import try_all

    subject = Subject(
        version_id=work.version_id,
        task=work.task,
        columns=work.columns,
        features=work.features,
        sensitive=plan.sensitive or work.sensitive,
        file=work.file,
        model=work.model,
        champion=work.champion,
        training=work.training,
    )
    tried = try_all(
        subject,
        plan.statistics[Purpose.VALIDATION],
        settings=plan.trials,
        seed=plan.seed,
        confidence=plan.confidence,
        report=report,
    )
    settings = {
        **written(plan.trials),
        "metric": str(tried.metric),
        "model": None if work.model is None else work.model.version_id,
        "champion": None if work.champion is None else work.champion.version_id,
    }
    return Found(
        purpose=Purpose.VALIDATION,
        measurements=tuple(judged(tried.measurements, purpose=Purpose.VALIDATION, plan=plan)),
        rows=tried.rows,
        settings=settings,
        findings=tried.findings,
    )


def _counted(
    engine: Engine, source: Source, work: Work, plan: Plan, *, report: Report
) -> Iterator[Found]:
    """Measure what is counted from the snapshot's rows."""
    if snapshots.derives_decision(work.columns):
        work = replace(work, columns=replace(work.columns, prediction=rows.DECISION))
    for number, purpose in enumerate(plan.statistics, start=1):
        done = 1 - (len(plan.statistics) - number + 1) / (len(plan.statistics) + 1)
        report(MEASURED * done, f"Measuring {purpose} on {source.rows} rows")
        measuring = _performance if purpose is Purpose.PERFORMANCE else _fairness
        result = measuring(engine, source, work, plan)
        yield Found(
            purpose=purpose,
            measurements=tuple(judged(result.measurements, purpose=purpose, plan=plan)),
            rows=source.rows,
            settings=result.settings,
            findings=tuple(_findings(engine, source, work, plan)),
            notices=result.notices,
        )


def _roles(work: Work) -> Roles:
    columns = work.columns
    return Roles(
        target=columns.target,
        prediction=columns.prediction,
        score=columns.score,
        positive=columns.positive,
        task=work.task.value,
    )


def _performance(engine: Engine, source: Source, work: Work, plan: Plan) -> Result:
    options = PerformanceOptions(
        roles=_roles(work),
        segments=plan.slices,
        statistics=plan.statistics[Purpose.PERFORMANCE],
        confidence=plan.confidence,
    )
    return measure_performance(engine, source=source, options=options)


def _fairness(engine: Engine, source: Source, work: Work, plan: Plan) -> Result:
    """Compare groups; the statistics the plan does not name are left out."""
    sensitive = plan.sensitive or work.sensitive
    check_fairness(work, plan)
    options = FairnessOptions(
        roles=_roles(work),
        sensitive=sensitive,
        intersect=min(plan.intersect, len(sensitive)),
        confidence=plan.confidence,
        minimum_group=plan.minimum_group,
        control=plan.groups.control,
        bands=plan.groups.bands,
        reference_group=plan.groups.reference_group,
        suppress=max(plan.groups.suppress, work.shown_from),
        strict_scores=False,  # a finding of the assessment, not its end
    )
    result = measure_fairness(engine, source=source, options=options)
    wanted = set(plan.statistics[Purpose.FAIRNESS])
    kept = tuple(m for m in result.measurements if m.statistic in wanted)
    return replace(result, measurements=kept)


def check_fairness(work: Work, plan: Plan) -> None:
    """Refuse to compare groups where there are no decisions or no groups.

    Raises
    ------
    InvalidInput
        The sentence says what is missing.
    """
    columns, errors = work.columns, work.task is Task.REGRESSION
    named = [catalogue.get(name) for name in plan.statistics[Purpose.FAIRNESS]]
    if not any((Needs.REGRESSION in statistic.needs) is errors for statistic in named):
        raise InvalidInput(
            f"{work.version_id.partition('/')[0]} is a {work.task} model; fairness compares "
            f"{'errors' if errors else 'decisions'}, and the plan names no statistic of them"
        )
    fits = fitting(Answers(work.task.value), scored=columns.score is not None)
    unfit = [name for name in plan.statistics[Purpose.FAIRNESS] if name not in fits]
    limited = next((name for name in unfit if name in plan.limits), None)
    if limited is not None:
        raise InvalidInput(
            f"plan {plan.name} limits {limited}, which is not measured for a {work.task} model "
            f"with these columns; there is: {', '.join(sorted(fits))}"
        )
    if columns.prediction is None and not snapshots.derives_decision(columns):
        raise InvalidInput(
            f"fairness compares decisions: {work.version_id} needs a prediction column or a "
            "threshold for its score"
        )
    if not (plan.sensitive or work.sensitive):
        raise InvalidInput(
            f"neither plan {plan.name} nor {work.version_id} names a sensitive column"
        )


def _findings(engine: Engine, source: Source, work: Work, plan: Plan) -> list[str]:
    """Say what a reviewer must know about the rows, in a sentence each."""
    columns = work.columns
    findings = [
        f"sensitive column {name} is also a feature of the model"
        for name in plan.sensitive or work.sensitive
        if name in work.features
    ]
    if columns.score is not None and work.task is Task.BINARY:
        wrong = [Missing(columns.score), Outside(columns.score, low=0.0, high=1.0)]
        invalid = sum(found.rows for found in engine.violations(source, wrong)[None])
        if invalid:
            findings.append(
                f"{invalid} of {source.rows} rows have no score between 0 and 1 in column "
                f"{columns.score} and are left out of what reads the score"
            )
    unlabelled = engine.facts(source, columns.target).missing
    if unlabelled:
        findings.append(
            f"{unlabelled} of {source.rows} rows have no outcome in column {columns.target}"
        )
    return findings
