"""Logins, tokens, TLS, and what a user may do."""

import base64
import hashlib
import json
import ssl
import time
from collections.abc import Callable

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from haplan_ssr.lab import Asset, Fault
from tests.ssr_lab.conductor import CANDIDATE, Conductor


def test_a_plain_script_logs_in_and_reads_the_authority(conductor: Conductor) -> None:
    """As users write it: no library of ours, no verification."""
    import urllib.request

    plain = ssl.create_default_context()
    plain.check_hostname, plain.verify_mode = False, ssl.CERT_NONE
    base = f"{conductor.served.url}/api/v1"
    login = json.dumps({"username": "haplan", "password": conductor.lab.password()}).encode()
    request = urllib.request.Request(f"{base}/login", login, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, context=plain) as answer:
        token = json.load(answer)["token"]
    request = urllib.request.Request(f"{base}/config/running/", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, context=plain) as answer:
        assert json.load(answer)["authority"]["name"] == "lab"


def test_the_token_is_a_signed_jwt_with_the_documented_claims(conductor: Conductor) -> None:
    token = conductor.reader.login()
    head, claims, signature = (base64.urlsafe_b64decode(part + "==") for part in token.split("."))
    assert json.loads(head) == {"alg": "RS256", "typ": "JWT"}
    said = json.loads(claims)
    assert (said["name"], said["iss"], said["capabilities"]) == ("reader", "conductor", ["config-read"])
    assert set(said) == {
        "name", "roles", "scopes", "capabilities", "application", "userAgent", "ipAddress", "iss", "iat",
    }  # fmt: skip
    with conductor.lab.estate.read() as tx:
        key = serialization.load_pem_private_key(str(tx.meta("key")).encode(), None)
    key.public_key().verify(signature, token.rpartition(".")[0].encode(), padding.PKCS1v15(), hashes.SHA256())  # type: ignore[union-attr, call-arg, arg-type]


@pytest.mark.parametrize("given", [{"username": "haplan", "password": "x"}, {"username": "nobody"}, {}, []])
def test_a_wrong_login_is_refused_with_a_message(conductor: Conductor, given: object) -> None:
    assert conductor.api.refused("POST", "/login", given) == (401, "Invalid username or password.")


@pytest.mark.parametrize("header", ["", "Bearer nonsense", "Basic x"])
def test_without_a_good_token_nothing_is_answered(conductor: Conductor, header: str) -> None:
    conductor.api.http.headers["Authorization"] = header
    assert conductor.api.refused("GET", "/config/running/") == (401, "Unauthorized")


def test_a_token_lasts_as_long_as_the_running_configuration_says(conductor: Conductor) -> None:
    conductor.later(60 * 24 * 365)
    conductor.api.put(access_management={"token": {"expiration": "30"}})
    assert conductor.api.commit() == []
    conductor.api.login()
    conductor.later(29)
    conductor.api.ok("GET", "/system")
    conductor.later(2)
    assert conductor.api.refused("GET", "/system")[0] == 401


def test_a_fault_lets_a_token_run_out(conductor: Conductor) -> None:
    conductor.fault(on="POST /config/commit", expire=True)
    assert conductor.api.refused("POST", "/config/commit")[0] == 401
    assert conductor.api.refused("GET", "/system")[0] == 401
    conductor.person.ok("GET", "/system")


def test_who_may_only_read_is_refused_each_change(conductor: Conductor) -> None:
    for method, path in (
        ("PATCH", f"{CANDIDATE}/"),
        ("POST", "/config/commit"),
        ("DELETE", f"{CANDIDATE}/authority/x/y"),
    ):
        assert conductor.reader.refused(method, path, {}) == (403, "reader has no capability config-write")
    conductor.reader.ok("GET", "/config/running/")


def test_the_certificate_signed_itself_and_is_trusted_by_its_file_alone(conductor: Conductor) -> None:
    host, port = conductor.served.host.split(":")
    pem = ssl.get_server_certificate((host, int(port)))
    there = x509.load_pem_x509_certificate(pem.encode())
    kept = x509.load_pem_x509_certificate(conductor.served.ca_file.read_bytes())
    assert there == kept
    assert there.issuer == there.subject
    assert hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).digest() == kept.fingerprint(hashes.SHA256())
    with pytest.raises(httpx.ConnectError, match="self-signed"), httpx.Client(trust_env=False) as stranger:
        stranger.get(f"{conductor.served.url}/api/v1/system")


def test_what_is_not_simulated_says_so(conductor: Conductor) -> None:
    assert conductor.api.refused("GET", "/template") == (404, "the simulator does not have GET /api/v1/template")


@pytest.mark.parametrize(
    "content", [b"{", b"\xff", b"[" * 100_000, b"1" * 5_000, b'{"service": [{"name": "x", "description": "\\ud800"}]}'],
    ids=["cut", "no text", "deep", "a long number", "half a character"],
)  # fmt: skip
def test_a_body_that_is_no_json_is_told(standing: Conductor, content: bytes) -> None:
    standing.api.login()
    answer = standing.api.http.patch(f"{CANDIDATE}/authority", content=content)
    assert answer.status_code == 400
    assert set(answer.json()) == {"message"}


def test_faults_answer_delay_and_drop_and_are_counted(open_conductor: Callable[..., Conductor]) -> None:
    faults = (
        Fault(on="GET /system", status=503, body="busy"),
        Fault(on="GET /asset", drop="before", nth=2),
        Fault(on="* /router", delay=120.0),
    )
    conductor = open_conductor(faults=faults)
    assert conductor.api.refused("GET", "/system") == (503, "busy")
    conductor.api.ok("GET", "/system")
    conductor.api.ok("GET", "/asset")
    with pytest.raises(httpx.RemoteProtocolError):
        conductor.api.call("GET", "/asset")
    before, real = conductor.lab.clock.now(), time.monotonic()
    conductor.api.ok("GET", "/router")
    assert conductor.lab.clock.now() - before >= 120
    assert time.monotonic() - real < 10
    assert [entry["seen"] for entry in conductor.admin.get("/faults").json()] == [2, 2, 1]
    assert conductor.calls()["GET /asset"] == 2


def test_a_mistake_on_the_labs_own_surface_is_one_line(conductor: Conductor) -> None:
    for path, body, said in (
        (
            "/faults",
            {"fault": [{"on": "GO /x"}]},
            "fault[0]: on: 'GO /x' is not a method (GET, POST, PATCH, PUT, DELETE",
        ),
        ("/faults", {"faults": []}, "faults: unknown key; allowed are fault, replace"),
        ("/clock", {"advance": -1}, "advance: must be a number of seconds, zero or more"),
        ("/assets", {"name": "x"}, "asset.name: unknown key; allowed are connected, id, version"),
    ):
        answer = conductor.admin.post(path, json=body)
        assert answer.status_code == 400
        assert answer.json()["detail"].startswith(said)


def test_listed_boxes_are_there_from_the_start(open_conductor: Callable[..., Conductor]) -> None:
    conductor = open_conductor(assets=(Asset("a", connected=False), Asset("b", version="6.2.5")))
    found = {one["assetId"]: (one["status"], one["t128Version"]) for one in conductor.api.ok("GET", "/asset")}
    assert found == {"a": ("Disconnected", "6.3.0-107.r1"), "b": ("Connected", "6.2.5")}
