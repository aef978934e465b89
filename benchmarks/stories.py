"""Does monitoring find every story planted in the sample portfolio, and nothing else?

Builds the sample (or takes one that is there), lists the alerts its monitors raised and what a
preview would have raised over the whole year, and holds both against what was planted: found,
missed, and what nobody planted. Run with ``python benchmarks/stories.py [--home FOLDER]``.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lifecycle.demo import bank, hospital
from lifecycle.demo.building import build
from lifecycle.demo.people import actor
from lifecycle.demo.story import Planted, Story
from lifecycle.domain.actor import Role
from lifecycle.domain.monitor import Monitor
from lifecycle.errors import InsufficientData
from lifecycle.services import monitoring
from lifecycle.services.monitoring import Preview
from lifecycle.services.monitoring.preview import Episode
from lifecycle.store import monitors
from lifecycle.store.connection import Workspace

CONSEQUENCES = frozenset({"performance", "estimation", "value", "fairness"})
"""What a planted change may do to the answers of its model."""

LATE = timedelta(days=63)
"""How long after it began a story may still be found: two months' windows and a day."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was seen of one model."""

    version_id: str
    planted: tuple[Planted, ...]
    told: dict[str, bool]
    extra: tuple[Episode, ...]
    preview: Preview


def main() -> None:
    """Print the comparison as JSON and as a sentence."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--home", type=Path, help="a sample portfolio that is there already")
    given = options.parse_args()
    at = datetime.now(UTC).replace(microsecond=0)
    with tempfile.TemporaryDirectory() as folder:
        home = given.home or Path(folder) / "sample"
        used = time.process_time()
        build(home, at=at)
        spent = time.process_time() - used
        with closing(Workspace.open(home)) as workspace:
            found = list(compared(workspace, at=built_at(workspace, otherwise=at)))
    print(json.dumps([shown(one) for one in found], indent=2))
    print(summary(found, spent=spent))


def built_at(workspace: Workspace, *, otherwise: datetime) -> datetime:
    """Return until when the sample's year goes: its monitors ran an hour before."""
    last = [monitors.last_run(workspace.cursor(), m.version_id) for m in every(workspace)]
    runs = [run for run in last if run is not None]
    return max(runs) + timedelta(hours=1) if runs else otherwise


def every(workspace: Workspace) -> list[Monitor]:
    """Return the sample's monitors."""
    return monitors.every(workspace.cursor())


def compared(workspace: Workspace, *, at: datetime) -> Iterator[Found]:
    """Hold what every version's monitor would have raised in the year against its story."""
    stories = {story.id: story for story in (*bank.stories(at), *hospital.stories(at))}
    for monitor in every(workspace):
        model_id, _, version = monitor.version_id.partition("/")
        try:
            seen = monitoring.preview(
                workspace.cursor(), model_id, version, by=actor(Role.DEVELOPER), at=at
            )
        except InsufficientData:
            continue
        yield judged(stories[model_id], monitor.version_id, seen)


def judged(story: Story, version_id: str, seen: Preview) -> Found:
    """Tell episodes that a planted change explains from those that nobody planted."""
    told = {
        planted.sentence: any(explains(planted, one, direct=True) for one in seen.episodes)
        for planted in story.planted
    }
    extra = tuple(
        one
        for one in seen.episodes
        if not any(explains(planted, one, direct=False) for planted in story.planted)
    )
    return Found(version_id, story.planted, told, extra, seen)


def explains(planted: Planted, episode: Episode, *, direct: bool) -> bool:
    """Tell whether a planted change explains an episode.

    Parameters
    ----------
    direct
        Only what is about the planted column itself, in time.
    """
    after = episode.since.end > planted.since
    about = any(column == planted.column for _, column, _ in episode.series)
    if direct:
        return after and about and episode.since.start < planted.since + LATE
    answers = any(column in {"score", "prediction", None} for _, column, _ in episode.series)
    return after and (about or answers or episode.cause in CONSEQUENCES)


def shown(found: Found) -> dict[str, object]:
    """Return one model's result as JSON values."""
    return {
        "version": found.version_id,
        "windows": found.preview.windows,
        "series": found.preview.series,
        "tests": found.preview.tests,
        "episodes": len(found.preview.episodes),
        "planted": found.told,
        "extra": [
            {
                "since": one.since.start.date().isoformat(),
                "cause": str(one.cause),
                "severity": one.severity,
                "series": [
                    f"{name} {column or ''} {slice_}" for name, column, slice_ in one.series
                ],
            }
            for one in found.extra
        ],
        "false_alarms_a_month": found.preview.false_alarms,
        "basis": found.preview.basis,
    }


def summary(found: list[Found], *, spent: float) -> str:
    """Say it in a sentence."""
    told = [seen for one in found for seen in one.told.values()]
    extra = sum(len(one.extra) for one in found)
    tests = sum(one.preview.tests for one in found)
    return (
        f"{sum(told)} of {len(told)} planted stories found, {extra} alerts that nobody planted, "
        f"in {len(found)} versions and {tests:,} tests over a year; built in {spent:.0f} CPU-s."
    )


if __name__ == "__main__":
    main()
