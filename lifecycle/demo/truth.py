"""What was planted in the sample portfolio, held against what its monitors raise."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from lifecycle.demo import bank, hospital
from lifecycle.demo.people import actor
from lifecycle.demo.story import Planted, Story
from lifecycle.domain.actor import Role
from lifecycle.services import monitoring
from lifecycle.services.monitoring import Preview
from lifecycle.services.monitoring.preview import Episode
from lifecycle.store import logs, monitors
from lifecycle.store.connection import Workspace

CONSEQUENCES = frozenset({"performance", "estimation", "value", "fairness"})
"""What a planted change may do to the answers of its model."""

LATE = timedelta(days=63)
"""How long after it began a story may still be found: two months' windows and a day."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was seen of one version.

    Parameters
    ----------
    told
        For each planted change, in its words, whether an alert about it was raised in time.
    extra
        Alerts that no planted change explains.
    """

    version_id: str
    planted: tuple[Planted, ...]
    told: dict[str, bool]
    extra: tuple[Episode, ...]
    preview: Preview


def compared(workspace: Workspace, *, at: datetime) -> Iterator[Found]:
    """Hold what every version's monitor would have raised in the year against its story."""
    stories = {story.id: story for story in (*bank.stories(at), *hospital.stories(at))}
    con = workspace.cursor()
    for monitor in monitors.every(con):
        model_id, _, version = monitor.version_id.partition("/")
        if not logs.days(con, monitor.version_id):
            continue  # a version that never served has no history
        seen = monitoring.preview(con, model_id, version, by=actor(Role.DEVELOPER), at=at)
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
