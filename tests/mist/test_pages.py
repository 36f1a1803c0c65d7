"""Lists of many pages, and lists that never end."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from urllib.parse import parse_qs, urlsplit

import pytest

from haplan.errors import ProviderError
from haplan.testing.cloud import FakeClock
from haplan_mist import client as module
from haplan_mist.client import Client
from haplan_mist.config import MistConfig, access

Answers = Callable[[int], tuple[object, dict[str, str]]]
"""Number of a page → body and headers."""


@pytest.fixture
def served() -> Iterator[Callable[[Answers], Client]]:
    """A cloud that answers each call with the next page."""
    servers: list[ThreadingHTTPServer] = []

    def serve(answers: Answers) -> Client:
        calls = count(1)

        class Cloud(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = parse_qs(urlsplit(self.path).query)
                body, headers = answers(int(asked.get("page", ["0"])[0]) or next(calls))
                text = json.dumps(body).encode()
                self.send_response(200)
                for name, value in {**headers, "Content-Length": str(len(text))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Cloud))
        threading.Thread(target=servers[-1].serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        host = f"http://127.0.0.1:{servers[-1].server_port}"
        environ = {"MIST_HOST": host, "MIST_ORG_ID": "b069b358-4c97-5319-1f8c-7c5ca64d6ab1", "MIST_APITOKEN": "t"}
        return Client(access(MistConfig(), environ, str), FakeClock())

    yield serve
    for one in servers:
        one.shutdown()
        one.server_close()


def objects(page: int, size: int) -> list[dict[str, str]]:
    return [{"id": f"{page}-{number}"} for number in range(size)]


def test_a_list_that_never_ends_is_refused_in_one_line(
    served: Callable[[Answers], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGES", 4)
    client = served(lambda page: (objects(page, 2), {"X-Page-Limit": "2", "X-Page-Total": "1000000000"}))
    with pytest.raises(ProviderError, match=r"GET /orgs/x/sites: the list does not end after 4 pages of 1000") as error:
        client.all("/orgs/x/sites")
    assert "\n" not in str(error.value)
    assert client.budget.made == 4


def test_a_search_that_never_ends_is_refused_and_not_cut(
    served: Callable[[Answers], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGES", 4)
    client = served(lambda page: ({"results": objects(page, 2), "next": f"/api/v1/orgs/x/events/search?p={page}"}, {}))
    with pytest.raises(ProviderError, match="the list does not end after 4 pages of 1000"):
        list(client.search("/orgs/x/events/search"))


def test_a_search_ends_where_the_cloud_says_so(served: Callable[[Answers], Client]) -> None:
    client = served(lambda page: ({"results": [page], **({"next": f"/api/v1/s?p={page}"} if page < 3 else {})}, {}))
    assert [one["results"] for one in client.search("/s")] == [[1], [2], [3]]


def test_a_search_that_is_answered_with_something_else_is_refused(served: Callable[[Answers], Client]) -> None:
    with pytest.raises(ProviderError, match="something else than a page of a search"):
        list(served(lambda page: ([page], {})).search("/s"))


def test_a_full_page_without_a_count_has_a_next_one(
    served: Callable[[Answers], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", 2)
    client = served(lambda page: (objects(page, 2 if page < 3 else 1), {}))
    assert len(client.all("/orgs/x/sites")) == 5
