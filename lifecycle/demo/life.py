"""What happens to a sample model, step by step, through the services a person would use.

Every step carries its time; the portfolio's steps are done in the order of time, so that the
audit trail reads as a year of work does.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd

from lifecycle.demo import trying
from lifecycle.demo.people import actor
from lifecycle.demo.scoring import Scored, replaced_at, scored
from lifecycle.demo.simulator import DAYS
from lifecycle.demo.site import Site
from lifecycle.demo.story import ID, KNOWN_AT, SCORE, TIME, Second, Story
from lifecycle.domain.actor import Role
from lifecycle.domain.approval import Code, Vote
from lifecycle.domain.dataset import ColumnRole
from lifecycle.domain.model import Stage
from lifecycle.services import (
    approvals,
    assessment,
    explanation,
    ingestion,
    monitoring,
    plans,
    registry,
)
from lifecycle.services.explanation import decisions

BATCHES = 4
"""Deliveries of predictions and outcomes in the year."""

RECENT = 1000
"""Rows of the snapshot on which a version is explained again."""

COMMIT = "5f0c4d2e9a7b31c86d1e0f4a2b9c8d7e6f501234"
"""Stands for the commit of the training code, which the simulator does not have."""

GATED = (Stage.VALIDATED, Stage.APPROVED, Stage.PRODUCTION)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing somebody does at a time."""

    at: datetime
    sentence: str
    do: Callable[[Site, datetime], object]


def steps(story: Story, *, end: datetime, offset: timedelta) -> Iterator[Step]:
    """Yield everything that happens to a model until a time, in no particular order."""
    first = end - timedelta(days=DAYS)
    begin = first - timedelta(days=story.lead_days) - offset
    made = scored(story)
    yield Step(begin, f"Registering {story.model['name']}", lambda s, at: _register(s, story, at))
    yield from _promotion(story, made[0], begin=begin + timedelta(days=2), until=None)
    live = begin + timedelta(days=14)
    yield Step(live, "Defining what is watched", lambda s, at: _watch(s, story, made[0], at))
    yield from _production(story, made, first=first, end=end, offset=offset)
    if story.second is not Second.NONE and len(made) > 1:
        yield from _second(story, made[1], end=end, offset=offset)
    review, hour = end - timedelta(days=40) - offset, timedelta(hours=1)
    alive = made[1] if story.second is Second.REPLACES else made[0]
    if alive.model is not None:
        yield Step(
            review,
            f"Reviewing {story.model['name']}",
            lambda s, at: _assess(s, story, alive.name, at),
        )
    if story.explained_again:
        title = f"Explaining {story.model['name']} on its newest rows"
        yield Step(review + hour, title, lambda s, at: _explain_again(s, story, made[0], at))
        yield Step(review + hour * 2, title, lambda s, at: _explained(s, story, made[0].name, at))
    if story.reasons:
        title = f"Explaining one decision of {story.model['name']}"
        yield Step(review + hour * 3, title, lambda s, at: _explain_one(s, story, made[0], at))
    if story.narrowed:
        title = f"Narrowing a gap of {story.model['name']}"
        yield Step(review + hour * 4, title, lambda s, at: trying.narrow(s, story, made[0], at))


def _promotion(
    story: Story, made: Scored, *, begin: datetime, until: Stage | None
) -> Iterator[Step]:
    """Register a version and bring it through the gates, up to a stage or into production."""
    name, day = made.name, timedelta(days=1)
    title = f"{story.model['name']} {name}"
    yield Step(begin, f"Training {title}", lambda s, at: _version(s, story, made, at))
    if made.model is not None:
        ask, keep = begin + day / 4, begin + day * 1.5
        yield Step(ask, f"Explaining {title}", lambda s, at: _explain(s, story, name, at))
        yield Step(keep, f"Explaining {title}", lambda s, at: _explained(s, story, name, at))
    if made.model is not None and story.tried:
        ask, keep = begin + day / 3, begin + day * 1.6
        yield Step(ask, f"Trying {title}", lambda s, at: trying.begin(s, story, name, at))
        yield Step(keep, f"Trying {title}", lambda s, _: trying.end(s, story, name))
    yield Step(begin + day, f"Assessing {title}", lambda s, at: _assess(s, story, name, at))
    for number, stage in enumerate(GATED):
        asked = begin + day * (2 + 3 * number)
        reason = f"Ready for {stage}: evidence is complete."
        yield Step(
            asked,
            f"Requesting {stage} for {title}",
            lambda s, at, to=stage, why=reason: _request(s, story, name, to, why, at),
        )
        yield Step(
            asked + day * 2,
            f"Deciding on {title}",
            lambda s, at: _decide(s, story, name, Vote.APPROVE, "The gate passes; agreed.", at),
        )
        if stage is until:
            return


def _second(story: Story, made: Scored, *, end: datetime, offset: timedelta) -> Iterator[Step]:
    """Bring the second version as far as the story wants it."""
    day, name, why = timedelta(days=1), made.name, story.second_reason
    if story.second is Second.REPLACES:
        live = replaced_at(story).to_pydatetime()
        yield from _promotion(story, made, begin=live - day * 10, until=None)
        yield Step(live, "Defining what is watched", lambda s, at: _watch(s, story, made, at))
        return
    begin, to = end - day * 18 - offset, Stage.PRODUCTION
    until = Stage.APPROVED
    if story.second is Second.REJECTED:
        until, to = Stage.VALIDATED, Stage.APPROVED
    yield from _promotion(story, made, begin=begin, until=until)
    asked = begin + day * 12
    reason = why if story.second is not Second.REJECTED else "Answers at the counter, faster."
    yield Step(
        asked,
        f"Requesting {to} for {story.model['name']} {name}",
        lambda s, at: _request(s, story, name, to, reason, at),
    )
    if story.second is Second.REJECTED:
        yield Step(
            asked + day * 2,
            f"Rejecting {story.model['name']} {name}",
            lambda s, at: _decide(s, story, name, Vote.REJECT, why, at),
        )
    if story.second is Second.STALE:
        yield Step(
            asked + day * 2,
            f"Assessing {story.model['name']} {name} again",
            lambda s, at: _assess(s, story, name, at),
        )


def _production(
    story: Story, made: list[Scored], *, first: datetime, end: datetime, offset: timedelta
) -> Iterator[Step]:
    """Deliver predictions and the outcomes known by then, in equal parts of the year."""
    bounds = _parts(first, end)
    times = story.rows.stream[TIME]
    last_row = times.iloc[-1].to_pydatetime() + timedelta(seconds=1)
    spans = _parts(times.iloc[0].to_pydatetime(), last_row) if story.historical else bounds
    for number, (after, until) in enumerate(pairwise(spans)):
        at = bounds[number + 1] + offset / 24
        span = (after, until)
        if number == BATCHES - 1:
            at = end - timedelta(hours=3) - offset / 24
            span = (after, until if story.historical else at)
        yield Step(
            at,
            f"Delivering predictions of {story.model['name']}",
            lambda s, at, span=span: _deliver(s, story, made, span=span, at=at),
        )


def _parts(start: datetime, end: datetime) -> list[datetime]:
    return [start + (end - start) * k / BATCHES for k in range(BATCHES + 1)]


def _register(site: Site, story: Story, at: datetime) -> None:
    developer = actor(Role.DEVELOPER)
    who: dict[str, Any] = {"by": developer, "at": at}
    registry.add_use_case(site.ws, id=story.id, simulated=True, **story.use_case, **who)
    registry.add_model(
        site.ws, id=story.id, use_case_id=story.id, task=story.task, **story.model, **who
    )
    registry.add_dataset(site.ws, **story.dataset, **who)
    if story.fits:
        _snapshot(site, story, "training", story.rows.training, at=at)


def _snapshot(site: Site, story: Story, part: str, frame: pd.DataFrame, *, at: datetime) -> str:
    roles = dict.fromkeys(story.sensitive, ColumnRole.SENSITIVE) | {story.target: ColumnRole.TARGET}
    known = dict.fromkeys(("score", *story.columns.class_scores.values()), ColumnRole.SCORE)
    known |= {"prediction": ColumnRole.PREDICTION, TIME: ColumnRole.TIMESTAMP}
    roles |= {name: role for name, role in known.items() if name in frame.columns}
    kept = registry.add_snapshot(
        site.ws,
        story.dataset["id"],
        _write(site, frame, f"{story.id}-{part}"),
        roles=roles,
        notes=f"{part.capitalize()} rows",
        by=actor(Role.DEVELOPER),
        at=at,
    )
    site.snapshots[f"{story.id}/{part}"] = kept.id
    return kept.id


def _version(site: Site, story: Story, made: Scored, at: datetime) -> None:
    reference = _snapshot(site, story, f"reference {made.name}", made.reference, at=at)
    developer = actor(Role.DEVELOPER)
    registry.add_version(
        site.ws,
        story.id,
        made.name,
        columns=story.columns,
        file=made.saved(site.folder),
        reference=reference,
        training=site.snapshots.get(f"{story.id}/training"),
        code_commit=COMMIT,
        metrics=made.metrics,
        parameters=made.parameters,
        environment=made.environment,
        by=developer,
        at=at,
    )
    registry.move_version(
        site.ws,
        story.id,
        made.name,
        to=Stage.CANDIDATE,
        reason="It beats a constant guess on the held-out rows.",
        by=developer,
        at=at,
    )


def _assess(site: Site, story: Story, name: str, at: datetime) -> None:
    assessment.assess(
        site.ws,
        story.id,
        name,
        snapshot=site.snapshots[f"{story.id}/reference {name}"],
        plan=plans.parse(json.dumps(story.plan)),
        by=actor(Role.VALIDATOR),
        at=at,
    )


def _explain(site: Site, story: Story, name: str, at: datetime, *, part: str = "reference") -> None:
    job = explanation.explain(
        site.ws,
        story.id,
        name,
        snapshot=site.snapshots[f"{story.id}/{part} {name}"],
        by=actor(Role.VALIDATOR),
        at=at,
    )
    site.jobs[f"{story.id}/{name}"] = job.id
    site.runner.step(only=job.id)


def _explain_again(site: Site, story: Story, made: Scored, at: datetime) -> None:
    """Explain a version on the newest rows whose outcome is known by then."""
    rows: Any = made.stream
    known = rows[rows[KNOWN_AT] <= pd.Timestamp(at)].tail(RECENT)
    _snapshot(site, story, f"recent {made.name}", known[list(made.reference.columns)], at=at)
    _explain(site, story, made.name, at, part="recent")


def _explained(site: Site, story: Story, name: str, at: datetime) -> None:
    del at  # the runner's clock gives it
    explanation.finished(site.ws, site.jobs[f"{story.id}/{name}"], runner=site.runner)


def _explain_one(site: Site, story: Story, made: Scored, at: datetime) -> None:
    """Word the reasons, and explain the case with the highest score so far in them."""
    by, rows = actor(Role.DEVELOPER), made.stream
    decisions.publish_reasons(site.ws, story.id, story.reasons, by=by, at=at)
    # Rows reach the log in parts: take one from a part that surely has.
    seen: Any = rows[rows[TIME] <= pd.Timestamp(at - timedelta(days=2 * DAYS / BATCHES))]
    highest = str(seen.loc[seen[SCORE].idxmax(), ID])
    job = decisions.explain_decision(site.ws, story.id, made.name, row=highest, by=by, at=at)
    site.runner.wait(job.id)


def _request(site: Site, story: Story, name: str, to: Stage, why: str, at: datetime) -> None:
    asked = approvals.request(
        site.ws, story.id, name, to=to, reason=why, by=actor(Role.VALIDATOR), at=at
    )
    site.requests[f"{story.id}/{name}"] = asked.id


def _decide(site: Site, story: Story, name: str, vote: Vote, why: str, at: datetime) -> None:
    approvals.decide(
        site.ws,
        site.requests[f"{story.id}/{name}"],
        vote=vote,
        reason=why,
        code=Code.LIMIT if vote is Vote.REJECT else Code.SUFFICIENT,
        by=actor(Role.APPROVER),
        at=at,
    )


def _watch(site: Site, story: Story, made: Scored, at: datetime) -> None:
    monitoring.define(
        site.ws,
        story.id,
        made.name,
        grain=story.grain,
        limits=story.limits,
        by=actor(Role.DEVELOPER),
        at=at,
        **story.watch,
    )


def _deliver(
    site: Site,
    story: Story,
    made: list[Scored],
    *,
    span: tuple[datetime, datetime],
    at: datetime,
) -> None:
    developer = actor(Role.DEVELOPER)
    for version in made:
        rows: Any = version.stream
        part = rows[(rows[TIME] >= span[0]) & (rows[TIME] < span[1])]
        if not part.empty:
            ingestion.predictions(
                site.ws,
                story.id,
                version.name,
                [_write(site, part.drop(columns=[story.target, KNOWN_AT]), "predictions")],
                timestamp=TIME,
                id=ID,
                by=developer,
                at=at,
            )
    fresh = _arrived(site, story, span=span, at=at)
    if not fresh.empty:
        ingestion.outcomes(
            site.ws,
            story.id,
            [_write(site, fresh.loc[:, [ID, story.target, KNOWN_AT]], "outcomes")],
            id=ID,
            target=story.target,
            known_at=KNOWN_AT,
            by=developer,
            at=at,
        )


def _arrived(
    site: Site, story: Story, *, span: tuple[datetime, datetime], at: datetime
) -> pd.DataFrame:
    """Return the outcomes that became known since the delivery before."""
    stream: Any = story.rows.stream
    before, known = stream[TIME] < span[1], stream[KNOWN_AT]
    if story.historical:
        return stream[before & (stream[TIME] >= span[0])]
    since = site.told.get(story.id)
    site.told[story.id] = at
    fresh = before & (known <= pd.Timestamp(at))
    return stream[fresh if since is None else fresh & (known > pd.Timestamp(since))]


def _write(site: Site, frame: pd.DataFrame, name: str) -> Path:
    file = site.folder / f"{name.replace(' ', '-')}.parquet"
    frame.to_parquet(file, index=False)
    return file
