"""A pair of conductors: whichever answers is asked, and a certificate that changed is told as that."""

import hashlib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from haplan.errors import ProviderError
from haplan.kit.calls import Lost
from haplan.lab.server import Server
from haplan.testing import FakeClock
from haplan_ssr.client import Client
from haplan_ssr.conductors import Conductors
from haplan_ssr.config import SsrConfig, access, accesses, destinations
from haplan_ssr.lab import Fault, Lab, LabDefinition, app
from haplan_ssr.lab.served import certificate


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with Lab(tmp_path) as made:
        yield made


def nobody() -> str:
    """An address that nobody answers at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{taken.getsockname()[1]}"


def pair(lab: Lab, *hosts: str, **more: Any) -> tuple[Conductors, list[str]]:
    told: list[str] = []
    config = SsrConfig(host=hosts, username="haplan", password=lab.password(), **more)
    clients = [Client(one, FakeClock(), tell=told.append) for one in accesses(config, {}, str)]
    return Conductors(clients, told.append), told


def test_the_other_one_is_asked_where_the_first_does_not_answer(lab: Lab) -> None:
    served = lab.start()
    away = nobody()
    conductors, told = pair(lab, away, served.host, ca_file=str(served.ca_file))
    assert conductors.system()["router"] == "conductor"
    assert told == [f"ssr: conductor {away} does not answer, {served.host} does: it is asked from now on"]
    conductors.edit("POST", "/authority/tenant", {"name": "t"}, "tenant t")
    assert conductors.commit() == ()
    assert conductors.host == served.host
    conductors.close()


def test_a_write_is_not_put_to_the_other_one(lab: Lab) -> None:
    served = lab.start()
    away = nobody()
    conductors, _ = pair(lab, away, served.host, ca_file=str(served.ca_file))
    with pytest.raises(ProviderError, match=f"cannot reach https://{away}"):
        conductors.commit()
    with lab.estate.read() as tx:
        assert tx.version == 1
    conductors.close()


def test_where_none_answers_all_are_named(lab: Lab) -> None:
    one, other = nobody(), nobody()
    conductors, _ = pair(lab, one, other)
    with pytest.raises(ProviderError, match=f"(?s){one}.*{other}"):
        conductors.system()
    conductors.close()


def test_both_are_named_by_a_list_or_with_a_comma_each_with_its_certificate() -> None:
    environ = {"SSR_HOST": "a.example.net, b.example.net:8443", "SSR_USERNAME": "u", "SSR_PASSWORD": "p"}
    marks = ["aa" * 32, "bb" * 32]
    found = accesses(SsrConfig(fingerprint=marks), environ, str)
    assert [(one.url, one.fingerprint) for one in found] == [
        ("https://a.example.net", marks[0]), ("https://b.example.net:8443", marks[1]),
    ]  # fmt: skip
    assert (
        accesses(SsrConfig(host=["a.example.net", "b.example.net:8443"], fingerprint=",".join(marks)), environ, str)
        == found
    )
    places = destinations(SsrConfig(fingerprint=marks), environ)
    assert [(one.host, one.trust) for one in places] == [
        ("a.example.net", f"the certificate {marks[0]}"), ("b.example.net:8443", f"the certificate {marks[1]}"),
    ]  # fmt: skip
    with pytest.raises(ProviderError, match="3 certificates are named for 2 conductors"):
        accesses(SsrConfig(fingerprint=[*marks, "cc" * 32]), environ, str)


def test_another_certificate_than_the_trusted_one_is_told_with_what_to_do(lab: Lab) -> None:
    served = lab.start()
    shown = hashlib.sha256(ssl.PEM_cert_to_DER_cert(served.ca_file.read_text())).hexdigest()
    config = SsrConfig(host=served.host, username="haplan", password=lab.password(), fingerprint="00" * 32)
    one = Client(access(config, {}, str), FakeClock())
    with pytest.raises(ProviderError) as error:
        one.system()
    assert str(error.value) == (
        f"ssr: {served.host} shows another certificate than the one that is trusted (its SHA-256 is {shown}, not "
        f"{'00' * 32}); if it was renewed, give the new SHA-256 as fingerprint=, else somebody stands in between"
    )
    one.close()


def test_what_is_no_tls_is_told_without_python(tmp_path: Path) -> None:
    import http.server
    import threading

    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    config = SsrConfig(host=f"127.0.0.1:{server.server_port}", username="u", password="p")
    one = Client(access(config, {}, str), FakeClock())
    with pytest.raises(ProviderError) as error:
        one.system()
    assert "_ssl.c" not in str(error.value)
    assert "[SSL" not in str(error.value)
    one.close()
    server.shutdown()
    server.server_close()


def test_what_became_of_a_commit_is_looked_up_at_whichever_answers(tmp_path: Path) -> None:
    cut = Fault(on="POST /config/commit", drop="after")
    with Lab(tmp_path, definition=LabDefinition(faults=(cut,))) as lab:
        first, second = Server(app(lab.estate), 0, certificate(lab.estate.folder)), lab.start()
        away = f"127.0.0.1:{first.port}"
        conductors, told = pair(lab, away, second.host, ca_file=str(second.ca_file))
        conductors.edit("POST", "/authority/tenant", {"name": "t"}, "tenant t")
        with pytest.raises(Lost):
            conductors.commit()
        first.stop()
        assert conductors.tree("running")["authority"]["tenant"] == [{"name": "t"}]
        assert told == [f"ssr: conductor {away} does not answer, {second.host} does: it is asked from now on"]
        conductors.close()
