from datetime import UTC, datetime, timedelta

import pytest
from tumour_life import AT, deliver

from lifecycle.adapters.schedules import next_time
from lifecycle.domain.measurement import State
from lifecycle.services import monitoring
from lifecycle.services.monitoring import scheduling
from lifecycle.store import audit, runs


@pytest.mark.parametrize(
    ("schedule", "due"),
    [
        ("6h", datetime(2026, 5, 1, 15, tzinfo=UTC)),
        ("90m", datetime(2026, 5, 1, 10, 30, tzinfo=UTC)),
        ("0 6 * * *", datetime(2026, 5, 2, 6, tzinfo=UTC)),
        ("0 9 * * *", datetime(2026, 5, 2, 9, tzinfo=UTC)),
        ("30 9 * * mon", datetime(2026, 5, 4, 9, 30, tzinfo=UTC)),
    ],
)
def test_a_schedule_is_due_next_after_a_moment(schedule, due):
    assert next_time(schedule, after=AT) == due


@pytest.fixture
def scheduled(registered, ws, dev, log, tmp_path):
    deliver(ws, dev, log, tmp_path)
    return monitoring.define(
        ws, "tumour", "1", minimum=100, schedule="6h", alerts={"owner": "olga"}, by=dev, at=AT
    )


def test_what_is_due_runs_once_as_the_scheduler_for_its_owner(scheduled, ws):
    assert scheduling.run_due(ws, at=AT + timedelta(hours=5)) == []

    (result,) = scheduling.run_due(ws, at=AT + timedelta(hours=30))

    assert result.windows > 4
    (kept,) = runs.of_version(ws.cursor(), "tumour/1")
    assert (kept.by, kept.via, kept.owner) == ("scheduler", "schedule", "olga")
    (event,) = audit.search(ws.cursor(), action="monitor.run")
    assert (event.event.by, event.event.via) == ("scheduler", "schedule")
    assert scheduling.run_due(ws, at=AT + timedelta(hours=35)) == []
    (idle,) = scheduling.run_due(ws, at=AT + timedelta(hours=36))
    assert idle.state is State.NOT_APPLICABLE
    (planned,) = scheduling.planned(ws.cursor())
    assert planned.due == AT + timedelta(hours=42)


def test_what_is_switched_off_or_has_no_schedule_is_not_planned(scheduled, ws, dev):
    monitoring.change(ws, "tumour", "1", active=False, by=dev, at=AT + timedelta(hours=1))
    assert scheduling.planned(ws.cursor()) == []

    later = AT + timedelta(hours=2)
    monitoring.change(ws, "tumour", "1", active=True, schedule=None, by=dev, at=later)
    assert scheduling.planned(ws.cursor()) == []


def test_a_sample_is_left_alone(scheduled, ws, monkeypatch):
    monkeypatch.setattr(type(ws), "sample", True)
    assert scheduling.run_due(ws, at=AT + timedelta(days=9)) == []
