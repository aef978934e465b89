"""A write is carried out once, whoever sends it again and whenever."""

import asyncio
import secrets
import threading
from itertools import starmap
from types import SimpleNamespace

import pytest
from api_bodies import use_case
from starlette.responses import JSONResponse

from lifecycle.api import door, repeats
from lifecycle.api.door import ACTOR


@pytest.fixture
def once(workspace):
    """Send keyed writes of one person, several at a time, to an application."""

    key = secrets.token_hex(8).encode()

    async def ask(app, bodies, said):
        async def one(number, body):
            for _ in range(number):  # they come one after the other, a step of the loop apart
                await asyncio.sleep(0)
            sent = iter(body)

            async def receive():
                return next(sent)

            async def send(message):
                said.append(message)

            scope = {
                "type": "http", "method": "POST", "path": "/", "query_string": b"",
                "headers": [(b"idempotency-key", key)],
                ACTOR: SimpleNamespace(name="dev"),
            }  # fmt: skip
            await app(scope, receive, send)

        await asyncio.gather(*starmap(one, enumerate(bodies)))

    def send(inner, *bodies):
        said = []
        app = repeats.AnswerOnce(inner, workspace=workspace)
        worker = threading.Thread(target=lambda: asyncio.run(ask(app, bodies, said)))
        worker.start()
        worker.join()
        assert app._turns == {}
        return said

    return send


def part(body, *, more=False):
    return {"type": "http.request", "body": body, "more_body": more}


def test_repeats_that_wait_for_a_refused_write_are_carried_out_one_after_the_other(once):
    under_way, most, calls = 0, 0, 0

    async def refuses_once(scope, receive, send):
        nonlocal under_way, most, calls
        under_way, calls = under_way + 1, calls + 1
        most = max(most, under_way)
        await asyncio.sleep(0.01)
        under_way -= 1
        await JSONResponse({}, 409 if calls < 4 else 201)(scope, receive, send)

    said = once(refuses_once, *[[part(b"{}")]] * 6)

    assert (most, calls) == (1, 4)
    assert [m["status"] for m in said if "status" in m] == [409, 409, 409, 201, 201, 201]


def test_a_repeat_that_comes_just_after_a_refusal_waits_for_those_that_came_before(once):
    order = []

    async def refuses(scope, receive, send):
        order.append("begins")
        await asyncio.sleep(0)
        order.append("ends")
        await JSONResponse({}, 409)(scope, receive, send)

    once(refuses, *[[part(b"{}")]] * 200)

    assert order == ["begins", "ends"] * 200


def test_a_keyed_write_is_read_into_memory_up_to_a_limit(once, caller, monkeypatch):
    monkeypatch.setattr(repeats, "LARGEST", 1000)
    read = []

    def endless():
        while True:
            read.append(1)
            yield part(b"x" * 100, more=True)

    said = once(None, endless())

    assert said[0]["status"] == 422
    assert len(read) == 11
    unkeyed = caller("dev")("POST", "/uploads", params={"name": "x.csv"}, content=b"x" * 2000)
    assert unkeyed.status_code == 201


def test_a_keyed_write_whose_sender_goes_away_is_not_carried_out(once):
    async def never(scope, receive, send):
        raise AssertionError

    assert once(never, [part(b'{"a":', more=True), {"type": "http.disconnect"}]) == []


def test_a_key_where_nobody_is_asked_who_they_are_changes_nothing(caller):
    answer = caller()("POST", "/openapi.json", headers={"Idempotency-Key": "k"})

    assert answer.status_code == 405


def test_a_token_is_looked_up_beside_the_loop_that_answers_others(caller, monkeypatch):
    loops = []
    known = door.access.actor_of_token

    def looked_up(*given, **named):
        loops.append(asyncio._get_running_loop())
        return known(*given, **named)

    monkeypatch.setattr(door.access, "actor_of_token", looked_up)

    assert caller("dev")("POST", "/usecases", json=use_case("beside")).status_code == 201
    assert loops == [None]
