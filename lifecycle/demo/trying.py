"""How the sample's model files are tried before somebody decides: in a worker, against a plan."""

import json
from datetime import datetime
from typing import Any

from lifecycle.demo.people import actor
from lifecycle.demo.scoring import Scored
from lifecycle.demo.site import Site
from lifecycle.demo.story import Story
from lifecycle.domain.actor import Role
from lifecycle.services import assessment, mitigation, plans


def begin(site: Site, story: Story, name: str, at: datetime) -> None:
    """Have a worker try the model file: on changed rows, against its champion, slice by slice."""
    job = assessment.start(
        site.ws,
        story.id,
        name,
        snapshot=site.snapshots[f"{story.id}/reference {name}"],
        plan=plans.parse(json.dumps(trials(story))),
        by=actor(Role.VALIDATOR),
        at=at,
    )
    site.jobs[f"trials of {story.id}/{name}"] = job.id
    site.runner.step(only=job.id)


def end(site: Site, story: Story, name: str) -> None:
    """Wait for the worker and keep what it found."""
    ended = site.runner.wait(site.jobs[f"trials of {story.id}/{name}"])
    assessment.finished(site.ws.cursor(), ended)


def narrow(site: Site, story: Story, made: Scored, at: datetime) -> None:
    """Have a worker try ways to narrow the gap between groups of an attribute."""
    job = mitigation.start(
        site.ws,
        story.id,
        made.name,
        snapshot=site.snapshots[f"{story.id}/reference {made.name}"],
        attribute=story.narrowed,
        by=actor(Role.VALIDATOR),
        at=at,
    )
    site.runner.wait(job.id)


def trials(story: Story) -> dict[str, Any]:
    """Return how a version's model file is tried, as a plan file would say it."""
    tried = [
        "baseline_gain",
        "champion_gain",
        "generalisation_gap",
        "training_overlap",
        "outside_training_share",
        "noise_loss",
        "missing_loss",
        "worst_slice_gap",
        "flip_share",
        "file_size",
    ]
    return {
        "name": f"{story.plan['name']}, trials",
        "rationale": "Fixed with the validator before the first result was seen.",
        "statistics": {"validation": tried},
        "limits": {
            "baseline_gain": {
                "minimum": 0,
                "bound": "lower",
                "rationale": "What a constant answer beats is not worth its risk.",
            },
            "training_overlap": {"maximum": 0.01, "rationale": "Measured on other rows."},
        },
        "validation": {"rows": 2000},
        "seed": 0,
    }
