import base64
import gzip
import hashlib
import re

import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from starlette.websockets import WebSocketDisconnect

from app import security, shell
from app.session import now
from lifecycle.domain.actor import Scope
from lifecycle.services import access
from lifecycle.settings import Settings
from tests.app.conftest import TestClient
from tests.app.forms_in_tests import PAGE, STREAM, sign_in
from tests.app.tiny_workspace import person


def directives(answer):
    policy = answer.headers["content-security-policy"]
    return {name: rest for name, _, rest in (d.partition(" ") for d in policy.split("; "))}


@pytest.mark.parametrize("path", ["/healthz", "/auth/sign-in", "/nowhere", "/auth/style.css"])
def test_every_answer_carries_the_security_headers(served, path):
    headers = served().get(path).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert "content-security-policy" in headers


def test_the_policy_allows_no_foreign_source_no_eval_and_no_inline_script(served):
    found = directives(served().get("/healthz"))

    assert found["default-src"] == "'self'"
    assert found["connect-src"] == "'self'"
    assert found["object-src"] == "'none'"
    assert found["frame-ancestors"] == "'none'"
    assert "unsafe" not in found["script-src"]
    assert not re.search(r"https?:|\*", " ".join(found.values()))


def test_the_policy_names_each_inline_script_of_the_start_page_by_its_hash(served):
    allowed = directives(served().get("/healthz"))["script-src"]

    inline = re.findall(r"<script>(.*?)</script>", shell.html(), re.DOTALL)

    assert inline
    for script in inline:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in allowed


@pytest.mark.parametrize("path", ["/", "/approvals"])
def test_the_start_page_is_ours_by_name_and_knows_where_the_server_is(served, path):
    client = served()
    sign_in(client)

    page = client.get(path, headers=PAGE).text

    assert "<title>Lifecycle</title>" in page
    assert "_stcore/agent" not in page
    assert page.index(shell.SCRIPT) < page.index('type="module"')
    assert "BACKEND_BASE_URL" in client.get(shell.SCRIPT).text


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::1", "a b"])
def test_a_foreign_host_name_is_answered_with_421(served, host):
    assert served().get("/auth/sign-in", headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", ["localhost:8501", "127.0.0.1:8501", "[::1]:8501", "LOCALHOST."])
def test_this_machines_own_names_are_known(served, host):
    assert served().get("/auth/sign-in", headers={"host": host}).status_code == 200


def test_allowed_hosts_and_the_public_address_are_known(tmp_path):
    settings = Settings(
        home=tmp_path,
        host="0.0.0.0",  # noqa: S104 -- only compared with
        allowed_hosts=("Models.Example",),
        public_url="https://risk.example:8443/",
    )

    assert security.host_names(settings) == security.LOOPBACK | {"models.example", "risk.example"}


def test_health_is_answered_under_any_name_because_probes_use_addresses(served):
    assert served().get("/healthz", headers={"host": "10.0.0.7:8501"}).status_code == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://127.0.0.1:3000", "http://localhost:8501", "null"]
)
def test_a_page_elsewhere_can_neither_post_nor_open_a_websocket(served, origin):
    client = served()
    sign_in(client)

    posted = client.post("/auth/sign-out", headers={"origin": origin})
    with (
        pytest.raises(WebSocketDisconnect) as closed,
        client.websocket_connect(STREAM, headers={"origin": origin}),
    ):
        pass

    assert posted.status_code == 403
    assert closed.value.code == 4403


@pytest.mark.parametrize("path", ["/_stcore/metrics", "/_stcore/agent/openapi.json"])
def test_streamlits_own_open_doors_stay_shut_even_for_people_signed_in(served, path):
    client = served()
    sign_in(client)

    assert client.get(path).status_code == 404


def test_metrics_are_open_on_this_machine_and_count_what_the_workspace_holds(served):
    client = served()
    client.get("/nowhere", headers=PAGE)

    text = client.get("/metrics").text

    assert 'lifecycle_http_requests_total{area="/",method="GET",status="3xx"} 1.0' in text
    assert 'lifecycle_requests{status="open"} 1.0' in text
    assert 'lifecycle_versions{stage="candidate"}' in text
    assert "lifecycle_audit_events" in text


def test_metrics_elsewhere_need_a_token_that_may_read(served, process):
    away = served(client="192.0.2.7")
    secret, _ = access.add_token(
        process.workspace,
        label="prometheus",
        scopes={Scope.READ},
        days=1,
        by=person("mo"),
        at=now(),
    )

    assert away.get("/metrics").status_code == 401
    assert away.get("/metrics", headers={"authorization": "Bearer lc_x"}).status_code == 401
    allowed = away.get("/metrics", headers={"authorization": f"Bearer {secret}"})
    assert allowed.status_code == 200


def test_readiness_says_no_once_the_store_is_gone(served, process):
    client = served()
    assert client.get("/readyz").json()["ready"] is True

    process.workspace.close()

    assert client.get("/readyz").status_code == 503


def test_scripts_of_the_start_page_travel_compressed_and_fonts_do_not():
    script = b"let x = 1;" * 1000

    async def file(request):
        return Response(script)

    app = security.Compressed(Starlette(routes=[Route("/static/{name}", file)]))
    client = TestClient(app)

    with client.stream("GET", "/static/a.js", headers={"accept-encoding": "gzip"}) as answer:
        assert gzip.decompress(b"".join(answer.iter_raw())) == script
    font = client.get("/static/a.woff2", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in font.headers
