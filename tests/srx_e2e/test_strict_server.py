"""A NETCONF server of somebody else, strict about framing (netconfd of yuma123, base:1.1)."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from haplan_srx.device import session
from haplan_srx.device.session import Loop, Session
from tests.srx_e2e.servers import Piped

NETCONFD = shutil.which("netconfd", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Piped]:
    if NETCONFD is None:
        pytest.skip("netconfd (Debian package netconfd) is not installed: see .ci/packages")
    socket, log = tmp_path / "s", tmp_path / "log"
    options = ("--no-startup", "--superuser=root", "--access-control=off", "--target=candidate", "--log-level=info")
    with log.open("wb") as out, subprocess.Popen(
        [NETCONFD, *options, f"--ncxserver-sockname={socket}"], stdin=subprocess.DEVNULL, stdout=out,
        stderr=out, cwd=tmp_path,
    ) as daemon:  # fmt: skip
        while not socket.exists() and daemon.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                daemon.wait(0.02)
        made = Piped(tmp_path, f"{Path(NETCONFD).parent}/netconf-subsystem", f"--ncxserver-sockname=830@{socket}")
        yield made
        made.stop()
        daemon.terminate()


def listening(log: Path) -> None:
    """Wait until netconfd has taken in the hello: it loses a request that it reads in one piece with it."""
    told = b""
    with subprocess.Popen(["tail", "-c", "+1", "-f", log], stdout=subprocess.PIPE, bufsize=0) as growing:
        assert growing.stdout is not None
        while b"now active" not in told:  # of a line that has no end yet
            told += growing.stdout.read(4096)
        growing.terminate()


def test_a_session_with_a_strict_server_goes_on_in_chunks(
    server: Piped, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "JUNOS", session.CHUNKED)  # it is no Junos device, and does not say so
    loop = Loop()
    found = Session.connect(loop, session.Place("127.0.0.1", server.port), server.access)
    listening(tmp_path / "log")
    for _ in range(3):
        request = etree.Element("get-config")
        etree.SubElement(etree.SubElement(request, "source"), "running")
        assert found.rpc(request).find("data") is not None
    with pytest.raises(session.Refused):
        found.rpc(etree.Element("get-nothing-at-all"))
    assert found.rpc(etree.Element("discard-changes")).find("ok") is not None
    found.close()
    loop.stop()
