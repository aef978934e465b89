"""A version whose measurements the tests write by hand, a letter per weekly window."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.alert import AlertRule
from lifecycle.domain.measurement import Measurement, State, Window
from lifecycle.domain.model import Columns, Model, ModelKind, Stage, Task, Version
from lifecycle.domain.person import Person
from lifecycle.services import alerting
from lifecycle.store import measurements, models, people
from lifecycle.store.connection import Workspace

START = datetime(2026, 1, 5, tzinfo=UTC)
WEEK = timedelta(days=7)
SYSTEM = Actor("dora", frozenset({Role.DEVELOPER}), via="schedule")
VALUES = {"c": 0.05, "h": 0.095, "w": 0.2, "B": 0.3, "!": 0.6, "-": None}
"""What stands for clear, held, warning, breach, worse breach and not judged; the limit is 0.1."""
STATES = {
    "c": State.OK,
    "h": State.OK,
    "w": State.WARNING,
    "B": State.BREACH,
    "!": State.BREACH,
    "-": State.INSUFFICIENT,
}
SCORES = {"c": 0.9, "h": 0.81, "w": 0.75, "B": 0.7, "!": 0.5, "-": None}
"""The same for a score whose limit is 0.8, where lower is worse."""


def window(number: int) -> Window:
    return Window(START + number * WEEK, START + (number + 1) * WEEK)


def after(number: int) -> datetime:
    """Return the time at which a window has just ended."""
    return window(number).end


def series(letters: str, *, statistic="ks", column: str | None = "age", reason="too few"):
    score = statistic == "roc_auc"
    return [
        Measurement(
            statistic,
            (SCORES if score else VALUES)[letter],
            STATES[letter],
            column=None if score else column,
            window=window(number),
            limit=0.8 if score else 0.1,
            n=500,
            reason=reason if letter == "-" else None,
        )
        for number, letter in enumerate(letters)
    ]


def person(name: str, role: Role) -> Actor:
    return Actor(name, frozenset({role}))


@dataclass
class Bench:
    """A workspace with one version, and what its monitor would write."""

    ws: Workspace
    version_id: str = "credit/1"

    def run(self, *given: list[Measurement], at: datetime | None = None, **more: Any):
        """Save measurements as a monitor's run does and bring the alerts up to date."""
        found = [m for one in given for m in one]
        ends = [m.window.end for m in found if m.window]
        settings: dict[str, Any] = {"rule": AlertRule(), "by": SYSTEM, "at": at or max(ends)} | more
        with self.ws.transaction() as tx:
            number = int(settings.get("series", "1"))
            measurements.replace(tx, self.version_id, found, windows=None, series=number)
            return alerting.update(tx, self.version_id, **settings)


def furnish(ws: Workspace) -> Bench:
    with ws.transaction() as tx:
        for name, role in (("dora", Role.DEVELOPER), ("val", Role.VALIDATOR)):
            people.add(tx, Person(name, name.title(), frozenset({role}), created_at=START))
        models.add(
            tx,
            Model(
                id="credit",
                use_case_id="lending",
                name="Scorecard",
                kind=ModelKind.PREDICTIVE,
                task=Task.BINARY,
                owner="olga",
                purpose="rank applicants",
                created_at=START,
            ),
        )
        made = Version("credit", "1", Stage.PRODUCTION, "dora", START, Columns(target="y"))
        models.add_version(tx, made)
    return Bench(ws)


def deliver(bench, *, at=None):
    return alerting.deliver(bench.ws, by=SYSTEM, at=at or after(1), base="https://life.example")


def lines(file):
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
