"""What goes over the wire: hello, framing, dialects, logging in; with ncclient from PyPI, unmodified, and by hand."""

import itertools
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from ncclient.operations.rpc import RPCError
from ncclient.transport.errors import AuthenticationError

from haplan_srx.lab.definition import Silent
from haplan_srx.lab.netconf.framing import Framing, FramingError
from tests.srx_lab.conftest import NODE0, NODE1, Bench, devices, load

BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"


@pytest.mark.parametrize(("rfc", "chunks"), list(itertools.product((False, True), repeat=2)))
def test_ncclient_works_in_both_dialects_and_both_framings(
    bench_of: Callable[..., Bench], rfc: bool, chunks: bool
) -> None:
    bench = bench_of(devices(rfc_compliant=rfc, version_1_1=chunks))
    session = bench.ncclient()
    assert ("urn:ietf:params:netconf:base:1.1" in session.server_capabilities) == chunks
    session.lock("candidate")
    session.load_configuration(action="set", config=["set system host-name hugo"])
    assert "+  host-name hugo;" in str(session.compare_configuration())
    session.commit(confirmed=True, timeout="300", comment="plan 17")
    bench.lab.clock.sleep(301)
    running = session.get_config("running", filter=("subtree", "<configuration><system/></configuration>"))
    assert running.xpath("//host-name")[0].text == "left"
    history = session.rpc("<get-commit-information/>")
    assert [one.text for one in history.xpath("//commit-history/log")] == ["plan 17"]
    session.unlock("candidate")


def test_the_hello_is_the_captured_one(bench: Bench) -> None:
    offered = list(bench.ncclient().server_capabilities)
    assert offered[0] == "urn:ietf:params:netconf:base:1.0"
    assert "http://xml.juniper.net/netconf/junos/1.0" in offered
    assert not [one for one in offered if "rollback-on-error" in one or "writable-running" in one or "1.1" in one]
    assert len(offered) == 16


def test_elements_of_the_protocol_carry_the_prefix_only_when_rfc_compliant(bench_of: Callable[..., Bench]) -> None:
    for number, rfc in enumerate((False, True)):
        bench = bench_of(devices(rfc_compliant=rfc), folder=str(number))
        session = bench.lab.router.greet(NODE0, "haplan")[0]  # type: ignore[index]
        said = [
            bench.lab.router.answer(session, f'<rpc message-id="5" xmlns:x="urn:x" x:more="z">{op}</rpc>'.encode())[0]
            or ""
            for op in ("<discard-changes/>", "<nonsense/>", "<get-configuration/>")
        ]
        nc = "nc:" if rfc else ""
        assert said[0].startswith(f"<{nc}rpc-reply xmlns")
        assert 'message-id="5"' in said[0]
        assert 'more="z"' in said[0]
        assert f"<{nc}ok/>" in said[0]
        assert f"<{nc}error-severity>error" in said[1]
        system = etree.fromstring(said[2]).find("{*}configuration/{*}system")
        space = "http://yang.juniper.net/junos-es/conf/system" if rfc else "http://xml.juniper.net/xnm/1.1/xnm"
        assert system is not None
        assert etree.QName(system).namespace == space


def test_an_unknown_rpc_is_a_syntax_error_with_its_name(bench: Bench) -> None:
    with pytest.raises(RPCError) as refused:
        bench.ncclient().rpc("<get-ike-peer-information/>")
    assert (refused.value.message.strip(), refused.value.tag) == ("syntax error", "operation-failed")
    assert "get-ike-peer-information" in refused.value.info


def test_broken_xml_is_answered_and_the_session_goes_on(bench: Bench) -> None:
    session = bench.lab.router.greet(NODE0, "haplan")[0]  # type: ignore[index]
    reply, goes_on = bench.lab.router.answer(session, b"<rpc><oops></rpc>")
    assert reply is not None
    assert "malformed-message" in reply
    assert goes_on


def test_entities_are_not_read_from_files(bench: Bench, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hidden words")
    session = bench.lab.router.greet(NODE0, "haplan")[0]  # type: ignore[index]
    message = f'<!DOCTYPE r [<!ENTITY e SYSTEM "file://{secret}">]><rpc><kill-session><session-id>&e;</session-id></kill-session></rpc>'
    reply, _ = bench.lab.router.answer(session, message.encode())
    assert "hidden words" not in (reply or "")


# --- Logging in -------------------------------------------------------------------------------------------------------


def test_a_key_lets_in_as_well_as_a_password(bench: Bench) -> None:
    assert bench.ncclient(key_filename=str(bench.served.key_file)).connected


@pytest.mark.usefixtures("leaky")
def test_a_wrong_password_does_not(bench: Bench) -> None:
    with pytest.raises(AuthenticationError):
        bench.ncclient(password="wrong")


def test_host_keys_are_known_and_stay_with_their_box(bench_of: Callable[..., Bench]) -> None:
    """Each box has its own key, in the estate: another process that serves it shows the same."""
    first, again = bench_of(), bench_of()
    keys = []
    for bench in (first, again):
        known = asyncssh.read_known_hosts(str(bench.served.known_hosts))
        keys.append([
            asyncssh.match_known_hosts(known, "127.0.0.1", "", bench.port(mac))[0][0].export_public_key()
            for mac in (NODE0, NODE1)
        ])  # fmt: skip
    assert keys[0] == keys[1]
    assert keys[0][0] != keys[0][1]


@pytest.mark.usefixtures("leaky")
def test_only_netconf_is_served(bench: Bench) -> None:
    import paramiko

    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    client.connect(
        "127.0.0.1", bench.port(), "haplan", bench.lab.password("haplan"), allow_agent=False, look_for_keys=False
    )  # fmt: skip
    transport = client.get_transport()
    assert transport is not None
    with pytest.raises(paramiko.SSHException):
        transport.open_session().invoke_subsystem("sftp")
    client.close()


def test_servers_are_on_loopback_only(bench: Bench) -> None:
    with socket.create_connection(("127.0.0.1", bench.port())) as connection:
        assert connection.getpeername()[0] == "127.0.0.1"
    addresses = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None)} - {"127.0.0.1", "127.0.1.1"}
    for address in addresses:
        if ":" not in str(address):
            with pytest.raises(OSError, match="refused"):
                socket.create_connection((str(address), bench.port()), timeout=2)


def test_no_more_sessions_than_the_box_takes(bench: Bench) -> None:
    bench.commit("set system services netconf ssh connection-limit 2")
    say = bench.talk()
    with pytest.raises(ConnectionRefusedError):
        bench.talk()
    assert say("<close-session/>").find("ok") is not None


# --- Framing ----------------------------------------------------------------------------------------------------------

MESSAGES = st.lists(st.text("ab<>&]é\n#0123", min_size=1, max_size=30), min_size=1, max_size=5)


@given(MESSAGES, st.integers(1, 7), st.booleans())
def test_messages_come_out_as_they_went_in_however_they_are_cut(texts: list[str], cut: int, chunks: bool) -> None:
    texts = [one.replace("]]>]]>", "") for one in texts]
    sender, receiver = Framing(), Framing()
    sender.chunked = receiver.chunked = chunks
    data = b"".join(sender.frame(one) for one in texts)
    found: list[Any] = []
    for at in range(0, len(data), cut):
        found += receiver.feed(data[at : at + cut])
    assert [one.decode().strip() for one in found] == [one.strip() for one in texts]


def test_what_is_no_chunk_ends_the_session() -> None:
    framing = Framing()
    framing.chunked = True
    with pytest.raises(FramingError):
        list(framing.feed(b"\n#abc\n<rpc/>"))


def test_a_large_load_arrives_whole(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(devices(version_1_1=True))
    lines = [
        f"set security address-book global address a{number} 10.{number // 250}.{number % 250}.0/24"
        for number in range(1000)
    ]
    session = bench.ncclient()
    session.rpc(load("\n".join(lines)))
    assert len(session.get_config("candidate").xpath("//address-book/address")) == 1000


def test_a_ping_is_answered_unless_the_lab_says_that_the_host_is_silent(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(silents=(Silent("192.0.2.*", nth=2),))

    def ping(inner: str) -> etree._Element:
        return bench.rpc(f"<ping>{inner}</ping>")

    for host, received in (("192.0.2.1", "3"), ("192.0.2.1", "0"), ("203.0.113.1", "3")):
        told = ping(f"<host>{host}</host><count>3</count>").find("ping-results")
        assert told.findtext("probe-results-summary/responses-received") == received
        assert (told.find("ping-success") is None, told.find("ping-failure") is not None) == ((received == "0"),) * 2
    assert ping("<count>3</count>").findtext(".//error-info/bad-element") == "host"
    assert ping("<host>192.0.2.1</host><count>0</count>").find("rpc-error") is not None
    assert ping("<host>192.0.2.1</host><ttl>3</ttl>").findtext(".//error-info/bad-element") == "ttl"
