"""How fast is the queue with many open requests: the services behind `/queue`, and the page?

python benchmarks/open_requests.py [OPEN]
"""

import logging
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from gate import AT, model, proof, use_case
from streamlit.testing.v1 import AppTest

from app import session
from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.evidence import Purpose
from lifecycle.domain.model import Columns, Stage, Version
from lifecycle.domain.person import Person
from lifecycle.services import approvals, portfolio, workspaces
from lifecycle.settings import Settings
from lifecycle.store import evidence, models, people, usecases
from lifecycle.store.connection import Workspace

APPROVER = Actor("app", frozenset({Role.APPROVER}), via="sample")
DEVELOPER = Actor("dev", frozenset({Role.DEVELOPER}), via="sample")
TIMES = 15


def main() -> None:
    count = int([*sys.argv[1:], 500][0])
    logging.getLogger("streamlit").setLevel(logging.ERROR)  # it misses a browser, rightly
    with tempfile.TemporaryDirectory() as folder:
        workspace, _ = workspaces.create(Path(folder) / "ws", admin=None, at=AT, sample=True)
        with workspace:
            fill(workspace, count)
            con, at = workspace.cursor(), AT + timedelta(days=1)
            if len(approvals.queue(con, APPROVER, at=at)) != count:
                raise SystemExit(f"the queue does not hold the {count} requests that were opened")
            timed("queue()", lambda: approvals.queue(con, APPROVER, at=at))
            timed("tasks()", lambda: approvals.tasks(con, APPROVER, at=at))
            timed("overview()", lambda: portfolio.overview(con, actor=APPROVER, at=at))
            process = session.Process(workspace, Settings(home=workspace.home), acting=APPROVER)
            with session.serving(process):
                page = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60).run()
                page.switch_page("../pages/approvals.py").run()
                timed("the page Approvals", page.run)
                if page.exception:
                    raise SystemExit(page.exception[0].message)


def timed(what: str, work: Callable[[], object]) -> None:
    wall: list[float] = []
    cpu: list[float] = []
    for _ in range(TIMES):
        began, used = time.perf_counter(), time.process_time()
        work()
        wall.append(1000 * (time.perf_counter() - began))
        cpu.append(1000 * (time.process_time() - used))
    print(
        f"{what}: median {statistics.median(wall):.0f} ms, {statistics.median(cpu):.0f} ms of CPU"
    )


def fill(workspace: Workspace, count: int) -> None:
    """Ask for the first stage of as many models, each with evidence for two purposes."""
    with workspace.transaction() as tx:
        for actor in (APPROVER, DEVELOPER):
            people.add(tx, Person(actor.name, actor.name, actor.roles, created_at=AT))
        for number in range(count):
            name = f"model-{number}"
            usecases.add(tx, use_case(name))
            models.add(tx, model(name))
            version = Version(name, "1", Stage.CANDIDATE, "val", AT, Columns(target="y"))
            models.add_version(tx, version)
            for purpose in (Purpose.PERFORMANCE, Purpose.FAIRNESS):
                evidence.add(tx, proof(version, purpose))
    for number in range(count):
        name, why = f"model-{number}", "Measured on newer rows than the last one."
        approvals.request(workspace, name, "1", to=Stage.VALIDATED, reason=why, by=DEVELOPER, at=AT)


if __name__ == "__main__":
    main()
