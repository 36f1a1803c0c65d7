"""Clients of HTTP services: what is sent again, what is lost, how long they wait, what they log."""

import gzip
import json
import socket
import threading
from collections.abc import Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import attrs
import pytest

from haplan.errors import ProviderError
from haplan.kit.calls import ApiError, Call, Endpoint, Lost, NoAnswer, looking
from haplan.kit.http import HttpClient
from haplan.testing import FakeClock

WRITES = ("POST", "PATCH")


@attrs.frozen
class Said:
    """One scripted answer: nothing at all where `status` is 0."""

    status: int = 200
    body: bytes = b'{"a": 1}'
    headers: dict[str, str] = attrs.field(factory=dict)


class Service:
    """A real server that answers what it is told to, one after the other, the last one for ever."""

    def __init__(self) -> None:
        self.answers: list[Said] = [Said()]
        self.asked: list[tuple[str, str, bytes]] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                service.asked.append((self.command, self.path, body))
                said = service.answers.pop(0) if len(service.answers) > 1 else service.answers[0]
                if not said.status:
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                self.send_response(said.status)
                given = {"Content-Type": "application/json", "Content-Length": str(len(said.body)), **said.headers}
                for name, value in given.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(said.body)

            def log_message(self, format: str, *args: Any) -> None:
                return None

        for method in ("GET", "PUT", "POST", "PATCH", "DELETE"):
            setattr(Handler, f"do_{method}", Handler.answer)
        self.server = _Quiet(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up early is what some of these tests are about."""


class Shop(HttpClient):
    name: ClassVar[str] = "shop"
    check: ClassVar[str] = "SHOP_HOST"


@attrs.frozen
class World:
    service: Service
    client: Shop
    clock: FakeClock
    lines: list[str]

    def call(self, method: str = "GET", **more: Any) -> Any:
        return self.client.call(Call(method=method, path="/things", what="thing.x", **more))


@pytest.fixture
def world() -> Iterator[World]:
    service, clock, lines = Service(), FakeClock(), list[str]()
    client = Shop(Endpoint(url=service.url, largest=1000), clock, log=lines.append, tell=lines.append)
    yield World(service, client, clock, lines)
    client.close()
    service.stop()


def test_a_yes_is_its_body_and_is_counted(world: World) -> None:
    assert world.call(params={"all": True, "page": 2}) == {"a": 1}
    assert world.service.asked == [("GET", "/things?all=true&page=2", b"")]
    assert world.client.made == 1


@pytest.mark.parametrize("trouble", [Said(0), Said(500), Said(503), Said(504)], ids=["cut", "500", "503", "504"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_what_may_be_done_twice_is_sent_again(world: World, method: str, trouble: Said) -> None:
    world.service.answers[:0] = [trouble, trouble]
    assert world.call(method, body={} if method == "PUT" else None) == {"a": 1}
    assert len(world.service.asked) == 3
    assert world.clock.now() > FakeClock().now()


@pytest.mark.parametrize("trouble", [Said(0), Said(500), Said(504)], ids=["cut", "500", "504"])
@pytest.mark.parametrize("method", WRITES)
def test_a_write_that_may_not_be_done_twice_is_lost_at_once(world: World, method: str, trouble: Said) -> None:
    world.service.answers = [trouble]
    with pytest.raises(Lost) as error:
        world.call(method, body={})
    assert error.value.lost
    assert error.value.status == trouble.status
    assert str(error.value).startswith(f"thing.x: {method} /things")
    assert len(world.service.asked) == 1


def test_a_write_whose_every_answer_was_an_error_of_the_server_is_lost_and_a_read_is_not(world: World) -> None:
    world.service.answers = [Said(502, b"bad gateway")]
    with pytest.raises(Lost, match="answered with 502: bad gateway; its outcome is unknown"):
        world.call("PUT", body={})
    with pytest.raises(ApiError, match="answered with 502: bad gateway; try again later") as error:
        world.call()
    assert not error.value.lost
    assert len(world.service.asked) == 10


def test_a_read_that_nobody_answers_is_not_an_unknown_outcome(world: World) -> None:
    world.service.answers = [Said(0)]
    with pytest.raises(NoAnswer, match=r"thing\.x: GET /things: no answer from 127\.0\.0\.1:\d+ \([^)]+\)$") as error:
        world.call()
    assert not error.value.lost


@pytest.mark.parametrize("method", ["GET", *WRITES])
def test_who_is_not_reached_has_done_nothing_and_is_tried_three_times(method: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    client = Shop(Endpoint(url=f"http://127.0.0.1:{port}"), FakeClock())
    with pytest.raises(NoAnswer, match=r"^thing\.x: cannot reach http://127.*:\d+: .*; check SHOP_HOST$") as error:
        client.call(Call(method=method, path="/things", what="thing.x"))
    assert not error.value.lost
    assert client.made == 3
    client.close()


@pytest.mark.parametrize("status", [301, 307, 400, 404, 409, 422])
def test_a_no_is_told_once(world: World, status: int) -> None:
    world.service.answers = [Said(status, b'"no"', {"Location": "/elsewhere"})]
    with pytest.raises(ApiError, match=f'thing.x: POST /things was answered with {status}: "no"') as error:
        world.call("POST", body={})
    assert not error.value.lost
    assert (error.value.status, error.value.body, len(world.service.asked)) == (status, "no", 1)


@pytest.mark.parametrize("method", ["GET", *WRITES])
def test_a_used_up_budget_is_waited_for_as_long_as_it_says_whatever_the_call(world: World, method: str) -> None:
    world.service.answers[:0] = [Said(429, headers={"Retry-After": "130"})]
    started = world.clock.now()
    assert world.call(method) == {"a": 1}
    assert world.clock.now() - started == 130
    assert [line for line in world.lines if line.startswith("waiting")] == [
        f"waiting {rest} s: the hour's budget of API calls is used up" for rest in (130, 70, 10)
    ]


def test_a_date_to_come_back_at_is_kept(world: World) -> None:
    until = world.clock.now() + 90
    world.service.answers[:0] = [Said(503, headers={"Retry-After": formatdate(until, usegmt=True)})]
    assert world.call() == {"a": 1}
    assert until - 1 <= world.clock.now() <= until + 1


@pytest.mark.parametrize("asked", ["", "soon", "-5", "9" * 400, "Mon, 99 Foo"])
def test_a_wait_that_makes_no_sense_is_no_reason_to_hang(world: World, asked: str) -> None:
    world.service.answers[:0] = [Said(503, headers={"Retry-After": asked})]
    started = world.clock.now()
    if asked.isdigit():
        with pytest.raises(ApiError, match="503"):
            world.call()
    else:
        assert world.call() == {"a": 1}
    assert world.clock.now() - started < 10


def test_a_budget_that_is_never_there_is_given_up(world: World) -> None:
    world.service.answers = [Said(429, headers={"Retry-After": "60"})]
    with pytest.raises(NoAnswer, match=r"^thing\.x: the call budget of the token is used up"):
        world.call("POST", body={})
    assert len(world.service.asked) == 5


@pytest.mark.parametrize("trouble", [Said(429, headers={"Retry-After": "1"}), Said(503)])
def test_a_write_that_goes_out_after_a_wait_asks_whether_it_still_may_and_a_read_does_not(
    world: World, trouble: Said
) -> None:
    asked = []
    for method in ("GET", "PUT"):
        world.service.answers[:0] = [trouble]
        with world.client.asking(lambda: asked.append(len(world.service.asked))):
            world.call(method)
    assert asked == [3]


def test_one_thread_that_is_over_budget_holds_up_the_others(world: World) -> None:
    world.client.budget.used_up(40)
    started = world.clock.now()
    thread = threading.Thread(target=world.call)
    thread.start()
    thread.join()
    assert world.clock.now() - started == 40


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
@pytest.mark.parametrize(("method", "kind"), [("GET", NoAnswer), ("PUT", Lost)])
def test_an_answer_that_is_too_long_is_refused_in_one_line_and_not_fetched_again(
    world: World, packed: bool, method: str, kind: type[ProviderError]
) -> None:
    body = json.dumps(["x" * 100_000]).encode()
    said = Said(body=gzip.compress(body), headers={"Content-Encoding": "gzip"}) if packed else Said(body=body)
    world.service.answers = [said]
    with pytest.raises(kind, match="it answers with more than 0 MiB") as error:
        world.call(method)
    assert "\n" not in str(error.value)
    assert len(world.service.asked) == 1


@pytest.mark.parametrize(("method", "kind"), [("GET", ApiError), ("POST", Lost)])
def test_a_page_of_somebody_in_between_is_no_yes(world: World, method: str, kind: type[ProviderError]) -> None:
    world.service.answers = [Said(200, b"<html>\nPlease log in", {"Content-Type": "text/html"})]
    with pytest.raises(kind, match="was answered with 200: <html>") as error:
        world.call(method)
    assert error.value.lost == (method == "POST")


def test_a_look_that_fails_leaves_a_lost_write_unknown(world: World) -> None:
    lost = Lost("network.x: POST: no answer", status=504)
    world.service.answers = [Said(500)]
    with pytest.raises(Lost, match=r"network\.x: POST: no answer; looking failed too: thing\.x: GET"), looking(lost):
        world.call()


def test_requests_are_logged_with_secrets_starred(world: World) -> None:
    world.call("POST", body={"user": {"password": "geheim", "name": "pat"}, "psk": "geheim"})
    assert world.lines == ['POST /things 200 0 ms {"user": {"password": "***", "name": "pat"}, "psk": "***"}']


def test_other_certificates_are_not_trusted_and_that_is_not_tried_again(tmp_path: Any) -> None:
    from haplan_ssr.lab import Lab

    with Lab(tmp_path) as lab:
        client = Shop(Endpoint(url=lab.start().url), FakeClock())
        with pytest.raises(NoAnswer, match=r"the certificate of .* is not trusted; give its CA as ca_file="):
            client.call(Call(method="POST", path="/", body={}))
        assert client.made == 1
        client.close()


def test_a_file_of_certificates_that_is_none_is_one_line(tmp_path: Any) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(ProviderError, match=r"^shop: cannot read the certificates in .*ca\.pem"):
        Shop(Endpoint(url="https://x", ca_file=str(tmp_path / "ca.pem")), FakeClock())


def test_no_more_calls_go_out_in_a_second_than_it_is_given(world: World) -> None:
    at, asked, clock = list[float](), list[str](), world.clock

    class Paced(Shop):
        def send(self, call: Call) -> Any:
            at.append(clock.now() - 1_800_000_000)
            return super().send(call)

    shop = Paced(Endpoint(url=world.service.url), clock, calls_a_second=4.0)
    with shop.asking(lambda: asked.append("still")):
        for method in ("GET", "GET", "GET", "PATCH"):
            shop.call(Call(method=method, path="/a"))
    assert at == [0.0, 0.25, 0.5, 0.75]
    assert asked == ["still"], "a write that waited asks whether it may still be sent"
    clock.sleep(60)
    shop.call(Call(method="GET", path="/a"))
    shop.call(Call(method="GET", path="/a"))
    assert at[4:] == [60.75, 61.0], "what was not used is not saved up"
    shop.close()
