"""Is the server well, and what is it doing: health, readiness and metrics for machines."""

from time import perf_counter
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from app.security import from_this_machine
from app.session import Process, now
from lifecycle import __version__
from lifecycle.domain.actor import Permission
from lifecycle.errors import LifecycleError, NotSignedIn
from lifecycle.services import access
from lifecycle.store import audit, jobs, models, requests

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

AREAS = ("/api", "/auth", "/static", "/_stcore", "/media")
"""What requests are counted by; single paths would make a series each."""


METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Observed:
    """The numbers of one server, in a registry of their own."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "lifecycle_http_requests_total",
            "Answers by area, method and status class",
            ["area", "method", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "lifecycle_http_request_seconds",
            "Time to the end of the answer",
            ["area"],
            registry=self.registry,
        )
        self.websockets = Gauge(
            "lifecycle_websockets", "Open browser connections", registry=self.registry
        )
        self.faults = Counter(
            "lifecycle_page_faults_total",
            "Pages that ended in a fault of ours",
            registry=self.registry,
        )
        build = Gauge("lifecycle_build_info", "What runs", ["version"], registry=self.registry)
        build.labels(__version__).set(1)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.registry.register(_Records(process))  # pyright: ignore[reportArgumentType] -- any object with collect()

    def routes(self) -> list[Route]:
        """Return the routes that monitoring systems ask."""
        return [
            Route("/healthz", self.alive),
            Route("/readyz", self.ready),
            Route("/metrics", self.metrics),
        ]

    async def alive(self, _request: "Request") -> Response:
        """Say that the process answers."""
        return PlainTextResponse("ok\n")

    async def ready(self, _request: "Request") -> Response:
        """Say whether the store answers, so that requests make sense."""
        try:
            await run_in_threadpool(audit.head, self._process.workspace.cursor())
        except Exception:  # noqa: BLE001 -- whatever it is, the answer is "not ready"
            return JSONResponse({"ready": False, "version": __version__}, status_code=503)
        return JSONResponse({"ready": True, "version": __version__})

    async def metrics(self, request: "Request") -> Response:
        """Return the numbers: openly on this machine, elsewhere for a token that may read."""
        if not from_this_machine(request.scope):
            kind, _, secret = request.headers.get("authorization", "").partition(" ")
            try:
                if kind.lower() != "bearer":
                    raise NotSignedIn("metrics need a token")
                actor = await run_in_threadpool(
                    access.actor_of_token, self._process.workspace, secret.strip(), at=now()
                )
                actor.require(Permission.READ)
            except LifecycleError as error:
                return PlainTextResponse(f"{error}\n", status_code=error.status)
        text = await run_in_threadpool(generate_latest, self.registry)
        return Response(text, media_type=CONTENT_TYPE_LATEST)


class Counting:
    """Count answers and how long they took."""

    def __init__(self, app: "ASGIApp", *, observed: Observed) -> None:
        self._app = app
        self._observed = observed

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Pass the request on and note what came back."""
        if scope["type"] == "websocket":
            with self._observed.websockets.track_inprogress():
                await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        area = next((a for a in AREAS if scope["path"].startswith(a)), "/")
        status, began = 500, perf_counter()

        async def noted(message: "Message") -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            method = scope["method"] if scope["method"] in METHODS else "other"
            self._observed.requests.labels(area, method, f"{status // 100}xx").inc()
            self._observed.seconds.labels(area).observe(perf_counter() - began)


class _Records:
    """What the workspace holds, counted when asked."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def collect(self) -> "Iterator[GaugeMetricFamily]":
        """Count versions by stage, requests and jobs by state, and audit events."""
        con = self._process.workspace.cursor()
        counted: dict[tuple[str, str], Iterable[str]] = {
            ("versions", "stage"): (v.stage for v in models.versions(con)),
            ("requests", "status"): (r.status for r in requests.every(con)),
            ("jobs", "state"): (j.state for j in jobs.every(con, limit=1000)),
        }
        for (noun, label), states in counted.items():
            family = GaugeMetricFamily(f"lifecycle_{noun}", f"{noun} by {label}", labels=[label])
            counts: dict[str, int] = {}
            for state in states:
                counts[str(state)] = counts.get(str(state), 0) + 1
            for state, count in sorted(counts.items()):
                family.add_metric([state], count)
            yield family
        yield GaugeMetricFamily(
            "lifecycle_audit_events", "Length of the audit trail", value=audit.head(con)[0]
        )
