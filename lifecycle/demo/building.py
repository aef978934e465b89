"""Builds the sample portfolio: stories in, a workspace with a year of history out."""

import shutil
import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from lifecycle.demo import bank, handling, hospital
from lifecycle.demo.life import Step, steps
from lifecycle.demo.people import PEOPLE, actor
from lifecycle.demo.site import Site
from lifecycle.demo.story import Story
from lifecycle.domain.actor import Role
from lifecycle.errors import Conflict, NotFound
from lifecycle.services import access, job_kinds, monitoring, workspaces
from lifecycle.services.job_runner import JobRunner
from lifecycle.store import jobs
from lifecycle.store.connection import Workspace

Progress = Callable[[float, str], None]

LEAD_DAYS = 420
"""How long before today the workspace itself is made."""

PREPARED, LIVED = 0.25, 0.75
"""Shares of the work: models trained, steps done; the rest is monitoring."""


def build(
    home: Path,
    *,
    at: datetime,
    source: Path | None = None,
    fresh: bool = False,
    progress: Progress | None = None,
) -> None:
    """Build the sample portfolio in a folder, unless it is there already.

    Parameters
    ----------
    at
        Today; the year of history ends here.
    source
        A folder with the real files to build from instead of the embedded data.
    fresh
        Build it anew, throwing an older sample portfolio away.
    progress
        Called with the share done and a sentence.

    Raises
    ------
    Conflict
        The folder holds a workspace that is no sample, or other files.
    InvalidInput
        A file of the source is missing or has other columns.
    """
    report = progress or (lambda _share, _sentence: None)
    if _there(home) and not fresh:
        report(1.0, "The sample portfolio is there already")
        return
    at = at.replace(microsecond=0)
    if source is None:
        stories = [*bank.stories(at), *hospital.stories(at)]
    else:
        from lifecycle.demo import real

        stories = real.stories(source, at=at)
    # Built beside its place and moved there when complete: a build cut short leaves nothing.
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent, prefix=".sample-") as folder:
        part = Path(folder) / "home"
        _build(part, stories, at=at, report=report)
        if home.exists():
            shutil.rmtree(home)
        part.rename(home)
    report(1.0, "The sample portfolio is built")


def _there(home: Path) -> bool:
    """Tell whether a sample workspace stands here; refuse to touch anything else."""
    if not home.exists() or not any(home.iterdir()):
        return False
    try:
        with closing(Workspace.open(home)) as workspace:
            sample = workspace.sample
    except NotFound as error:
        raise Conflict(
            f"{home} holds files that are no workspace; choose an empty folder"
        ) from error
    if not sample:
        raise Conflict(f"{home} is a workspace of its own and no sample; it was not touched")
    return True


def _build(home: Path, stories: list[Story], *, at: datetime, report: Progress) -> None:
    report(0.0, "Making the workspace")
    founded = at - timedelta(days=LEAD_DAYS)
    workspace, _ = workspaces.create(home, admin=None, at=founded, sample=True)
    with closing(workspace), tempfile.TemporaryDirectory() as folder:
        moment = [founded]
        with JobRunner(
            workspace, kinds=job_kinds.KINDS, clock=lambda: moment[0], reuse=True
        ) as runner:
            site = Site(ws=workspace, runner=runner, folder=Path(folder), moment=moment)
            runner.warm()
            _people(workspace, at=founded)
            _live(site, _ordered(stories, at=at, report=report), report=report)
            _monitor(site, at=at - timedelta(hours=1), report=report)


def _people(workspace: Workspace, *, at: datetime) -> None:
    for number, (role, (name, display)) in enumerate(PEOPLE.items()):
        access.add_person(
            workspace,
            name,
            display=display,
            roles={role},
            by=workspaces.FOUNDER,
            at=at + timedelta(minutes=number),
        )


def _ordered(stories: list[Story], *, at: datetime, report: Progress) -> list[Step]:
    """Train the models and put everything that happens to them in the order of time."""
    found: list[Step] = []
    for number, story in enumerate(stories):
        report(PREPARED * number / len(stories), f"Training {story.model['name']}")
        found += steps(story, end=at, offset=timedelta(hours=7 * number))
    return sorted(found, key=lambda step: step.at)


def _live(site: Site, found: list[Step], *, report: Progress) -> None:
    for number, step in enumerate(found):
        report(PREPARED + (LIVED - PREPARED) * number / len(found), step.sentence)
        site.moment[0] = step.at
        step.do(site, step.at)


def _monitor(site: Site, *, at: datetime, report: Progress) -> None:
    """Run all monitors once over the whole year, as the scheduler would have done by and by."""
    workspace = site.ws
    site.moment[0] = at

    def shown(done: int, total: int) -> None:
        report(LIVED + (1 - LIVED) * done / total, f"Monitoring: {done} of {total} versions")

    handling.open_door(workspace, at=at)
    monitoring.run(workspace, by=actor(Role.DEVELOPER), at=at, progress=shown)
    for job in reversed(jobs.every(workspace.cursor(), live=True)):
        site.runner.wait(job.id)
    handling.handle(workspace, at=at + timedelta(minutes=10))
