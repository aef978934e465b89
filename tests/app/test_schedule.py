import threading
from types import SimpleNamespace

from app import schedule
from lifecycle.services import approvals
from lifecycle.services.monitoring import scheduling


def test_the_server_runs_what_is_due_again_and_again_and_survives_a_fault(
    tiny, monkeypatch, caplog
):
    twice = threading.Event()
    seen = []

    def due(workspace, *, at):
        seen.append((workspace, at))
        if len(seen) == 1:
            raise RuntimeError("the disk is full")
        twice.set()
        return []

    monkeypatch.setattr(scheduling, "run_due", due)

    with schedule.ticking(tiny.workspace, seconds=0.05):
        assert twice.wait(10)

    assert "the scheduled monitors could not be run" in caplog.text
    assert {workspace for workspace, _ in seen} == {tiny.workspace}
    assert seen[0][1] <= seen[1][1]


def test_dates_do_not_wait_for_monitors_that_take_long(tiny, monkeypatch):
    looked, may_end = threading.Event(), threading.Event()
    monkeypatch.setattr(type(tiny.workspace), "sample", False)
    monkeypatch.setattr(scheduling, "run_due", lambda *_, **__: may_end.wait(20) and [])
    monkeypatch.setattr(
        approvals, "tick", lambda *_, **__: looked.set() or SimpleNamespace(sentences=())
    )

    with schedule.ticking(tiny.workspace, seconds=0.05):
        assert looked.wait(10)
        may_end.set()


def test_the_clock_looks_at_dates_outside_a_sample_and_survives_a_fault(tiny, monkeypatch, caplog):
    seen = []

    def looked(workspace, *, at):
        seen.append(at)
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(approvals, "tick", looked)
    schedule.tick(tiny.workspace)
    assert not seen, "the time of a sample stands still"
    monkeypatch.setattr(type(tiny.workspace), "sample", False)

    schedule.tick(tiny.workspace)

    assert len(seen) == 1
    assert "the dates of requests and approvals could not be looked at" in caplog.text
