"""The client: login, TLS, retries, what is told and what is not."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from haplan.errors import ProviderError, Unauthorized
from haplan.kit.calls import ApiError, Lost
from haplan.model.value import Secret
from haplan.testing import FakeClock
from haplan_ssr import rest
from haplan_ssr.client import Client
from haplan_ssr.config import Access, SsrConfig, access, release_of
from haplan_ssr.lab import Lab

PASSWORD = "Tr0ub4dor-ssr"
Answers = list[httpx.Response | Exception]


class Conductor:
    """Answers what it is told to, after the login."""

    def __init__(self, answers: Answers, login: httpx.Response | None = None) -> None:
        self.answers, self.requests = list(answers), list[httpx.Request]()
        self.login = login
        self.logins = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/login"):
            self.logins += 1
            return self.login or httpx.Response(200, json={"token": f"token-{self.logins}"})
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


Make = Callable[..., tuple[Client, Conductor, list[str]]]


@pytest.fixture
def client() -> Iterator[Make]:
    """A client whose conductor gives these answers, and what was logged and told."""
    made: list[Client] = []

    def make(*answers: httpx.Response | Exception, **more: Any) -> tuple[Client, Conductor, list[str]]:
        said: list[str] = []
        conductor = Conductor(list(answers), more.pop("login", None))
        reached = Access(
            url="https://conductor.example.net", username="haplan", password=PASSWORD, timeout=600.0, **more
        )
        transport = httpx.MockTransport(conductor)
        made.append(Client(reached, FakeClock(), log=said.append, tell=said.append, transport=transport))
        return made[-1], conductor, said

    yield make
    for one in made:
        one.close()


OK = httpx.Response(200, json={"authority": {"name": "x"}})


def test_the_token_comes_with_every_call_and_is_asked_for_once(client: Make) -> None:
    one, conductor, _ = client(OK, OK)
    assert one.tree("running") == {"authority": {"name": "x"}}
    one.tree("candidate")
    assert [request.url.path for request in conductor.requests] == [
        "/api/v1/config/running/",
        "/api/v1/config/candidate/",
    ]
    assert {request.headers["Authorization"] for request in conductor.requests} == {"Bearer token-1"}
    assert conductor.logins == 1
    assert one.made == 3


def test_a_token_that_has_run_out_is_renewed_once(client: Make) -> None:
    one, conductor, _ = client(httpx.Response(401, json={"message": "expired"}), OK)
    one.tree("running")
    assert conductor.requests[-1].headers["Authorization"] == "Bearer token-2"


def test_a_user_who_stays_unauthorized_ends_the_run(client: Make) -> None:
    one, _, _ = client(httpx.Response(401), httpx.Response(401))
    with pytest.raises(Unauthorized, match=r"forbids haplan: running configuration \(401: .*config-write"):
        one.tree("running")


def test_a_password_that_is_not_accepted_names_its_variables(client: Make) -> None:
    one, _, said = client(login=httpx.Response(401, json={"message": "Invalid username or password."}))
    with pytest.raises(Unauthorized, match=r"does not let haplan in \(401: Invalid .*check SSR_USERNAME") as error:
        one.tree("running")
    assert PASSWORD not in str(error.value) + "".join(said)


def test_neither_password_nor_token_is_logged(client: Make) -> None:
    one, _, said = client(httpx.Response(201), OK)
    one.edit("POST", "/authority/tenant", {"name": "t"}, "tenant t")
    one.tree("running")
    text = "".join(said) + repr(one.access)
    assert "POST /api/v1/config/candidate/authority/tenant 201" in text
    assert PASSWORD not in text
    assert "token-1" not in text


def test_what_only_reads_is_tried_again(client: Make) -> None:
    one, conductor, _ = client(httpx.ReadError("cut"), httpx.Response(503), OK)
    one.tree("running")
    assert len(conductor.requests) == 3


def test_an_edit_is_sent_once_and_its_lost_answer_is_told(client: Make) -> None:
    one, conductor, _ = client(httpx.ReadError("cut"))
    with pytest.raises(Lost, match=r"policy.x: no answer from conductor.example.net"):
        one.edit("POST", "/authority/service", {"name": "s"}, "policy.x")
    assert len(conductor.requests) == 1


def test_a_commit_that_times_out_is_lost(client: Make) -> None:
    one, conductor, _ = client(httpx.ReadTimeout("long"))
    with pytest.raises(Lost) as error:
        one.commit()
    assert error.value.lost
    assert len(conductor.requests) == 1


def test_answers_are_waited_for_as_long_as_a_commit_may_take(client: Make) -> None:
    one, conductor, _ = client(OK)
    one.tree("running")
    assert conductor.requests[0].extensions["timeout"]["read"] == 600
    assert conductor.requests[0].extensions["timeout"]["connect"] == 10


def test_validate_says_where_it_is_judged(client: Make) -> None:
    one, conductor, _ = client(httpx.Response(200, json=[]))
    assert one.validate() == ()
    assert json.loads(conductor.requests[0].content) == {"distributed": False}


BODIES: list[tuple[int, Any, list[tuple[str, str]]]] = [
    (200, [], []),
    (200, [{"message": "wrong"}], [("error", "wrong")]),
    (400, [{"message": "wrong"}], [("error", "wrong")]),
    (200, [{"message": "odd", "severity": "warning"}], [("warning", "odd")]),
    (200, [{"message": "odd", "type": "WARNING", "router": "r1"}], [("warning", "odd")]),
    (200, ["wrong"], [("error", "wrong")]),
]


@pytest.mark.parametrize(("status", "body", "expected"), BODIES)
def test_validate_is_judged_by_its_body_first(
    client: Make, status: int, body: Any, expected: list[tuple[str, str]]
) -> None:
    one, _, _ = client(httpx.Response(status, json=body))
    assert [(said.severity, said.message) for said in one.validate()] == expected


def test_an_error_without_list_is_an_error_of_the_request(client: Make) -> None:
    one, _, _ = client(httpx.Response(500, json={"message": "disk full"}))
    with pytest.raises(ApiError, match=r"commit: conductor.example.net answered POST with 500: disk full"):
        one.commit()


def test_no_verification_is_told(client: Make) -> None:
    _, _, said = client(verify=False)
    assert said == [
        "warning: the certificate of conductor.example.net is not verified (verify=False): anybody could answer"
    ]
    assert client()[2] == []


# --- Real TLS ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with Lab(tmp_path) as made:
        yield made


def _fingerprint(file: Path) -> str:
    import hashlib
    import ssl

    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(file.read_text())).hexdigest()


def test_a_certificate_that_nobody_vouches_for_is_refused_and_said_how_to_trust_it(lab: Lab) -> None:
    served = lab.start()
    one = Client(Access(url=served.url, username="haplan", password=lab.password()), FakeClock())
    with pytest.raises(ProviderError, match=r"certificate of .* is not trusted; give its CA as ca_file=.*fingerprint="):
        one.system()
    one.close()


@pytest.mark.parametrize("how", ["ca_file", "fingerprint", "fingerprint with colons", "verify"])
def test_it_is_accepted_by_ca_file_by_its_fingerprint_or_where_nothing_is_verified(lab: Lab, how: str) -> None:
    served = lab.start()
    digits = _fingerprint(served.ca_file)
    spelt = ":".join(digits[at : at + 2] for at in range(0, 64, 2)).upper()
    more: dict[str, Any] = {
        "ca_file": {"ca_file": str(served.ca_file)}, "fingerprint": {"fingerprint": digits},
        "fingerprint with colons": {"fingerprint": f"SHA256:{spelt}"}, "verify": {"verify": False},
    }[how]  # fmt: skip
    config = SsrConfig(host=served.host, username="haplan", password=lab.password(), **more)
    one = Client(access(config, {}, str), FakeClock())
    assert one.system()["router"] == "conductor"
    one.close()


def test_another_certificate_than_the_pinned_one_is_refused_before_the_password_is_sent(lab: Lab) -> None:
    served = lab.start()
    one = Client(Access(url=served.url, username="haplan", password=lab.password(), fingerprint="00" * 32), FakeClock())
    digits = _fingerprint(served.ca_file)
    with pytest.raises(ProviderError, match=f"its SHA-256 is {digits}, not 0000"):
        one.system()
    with lab.estate.read() as tx:
        assert tx.number("select count(*) from tokens") == 0
    one.close()


# --- Settings ---------------------------------------------------------------------------------------------------------

ENVIRON = {"SSR_HOST": "https://conductor.example.net/", "SSR_USERNAME": "u", "SSR_PASSWORD": "p"}


def test_settings_come_from_the_call_else_from_the_environment() -> None:
    found = access(SsrConfig(), ENVIRON, str)
    assert found == Access(url="https://conductor.example.net", username="u", password="p", timeout=600.0)
    found = access(
        SsrConfig(host="other:8443", username="me", password=Secret("env:MINE")), ENVIRON, lambda source: f"of {source}"
    )
    assert (found.url, found.username, found.password) == ("https://other:8443", "me", "of env:MINE")


WRONG: list[tuple[dict[str, Any], dict[str, str], str]] = [
    ({}, {}, "SSR_HOST, SSR_USERNAME and SSR_PASSWORD not set"),
    ({"username": "u"}, {"SSR_HOST": "c"}, "ssr: SSR_PASSWORD not set"),
    ({}, {**ENVIRON, "SSR_HOST": "a b"}, "'a b' is not a host"),
]


@pytest.mark.parametrize(("given", "environ", "message"), WRONG)
def test_settings_that_cannot_be_used_are_named(given: dict[str, Any], environ: dict[str, str], message: str) -> None:
    with pytest.raises(ProviderError, match=message):
        access(SsrConfig(**given), environ, str)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sync": "10.0.0.0/32"}, "no address for each of two nodes"),
        ({"fabric": "fe80::/64"}, "expected a prefix"),
        ({"sync": "10.0.0.0/24", "fabric": "10.0.0.128/31"}, "overlap"),
        ({"release": "newest"}, "expected a release"),
    ],
)
def test_terms_that_cannot_be_kept_are_named(given: dict[str, Any], message: str) -> None:
    with pytest.raises((ProviderError, ValueError), match=message):
        SsrConfig(**given)


@pytest.mark.parametrize(
    ("text", "release"),
    [("6.3.0-107.r1", (6, 3, 0)), ("5.4", (5, 4)), ("SSR-6.1.2-3", (6, 1, 2)), ("", ())],
)
def test_releases(text: str, release: tuple[int, ...]) -> None:
    assert release_of(text) == release


# --- Answers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spelling", ["assetId routerName nodeName t128Version", "asset-id router-name node-name t128-version"]
)
def test_assets_are_read_in_both_spellings_and_any_case(spelling: str) -> None:
    names = dict(zip(spelling.split(), ("A", "r", "node0", "6.3.0"), strict=True))
    (one,) = rest.assets([{**names, "status": "RUNNING", "text": None}])
    assert one == rest.Asset(id="A", router="r", node="node0", status="running", version="6.3.0")


@pytest.mark.parametrize(
    "connection", [{"nodes": [{"a": 1}]}, {"edges": [{"node": {"a": 1}}]}, [{"a": 1}]], ids=["nodes", "edges", "list"]
)
def test_connections_are_read_in_each_form(connection: Any) -> None:
    assert rest.nodes(connection) == [{"a": 1}]


def test_nothing_is_an_empty_connection() -> None:
    assert rest.nodes(None) == []


@pytest.mark.parametrize(
    ("body", "dirty", "whose"),
    [
        ({"isDirty": True, "user": "ana"}, True, "ana"), ({"is-dirty": "true"}, True, ""),
        ({"isDirty": False}, False, ""), (None, False, ""),
    ],
)  # fmt: skip
def test_a_dirty_candidate_and_whose_it_is(body: Any, dirty: bool, whose: str) -> None:
    assert (rest.is_dirty(body), rest.whose(body)) == (dirty, whose)
