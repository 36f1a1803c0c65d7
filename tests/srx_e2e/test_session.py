"""Sessions: who is let in, which device it is, deadlines, dialects, and what is kept from logs."""

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncssh
import attrs
import pytest
from lxml import etree

from haplan.errors import ProviderError
from haplan_srx.config import Access, Place, SrxConfig, access
from haplan_srx.device.replies import Refused
from haplan_srx.device.rpcs import Box
from haplan_srx.device.session import Loop, Session
from haplan_srx.estate import Estate, Nodes
from haplan_srx.lab import Device, Fault, Lab, LabDefinition, Served
from tests.srx_e2e.servers import Jump, Silent

MAC = "020000010000"


@pytest.fixture
def loop() -> Iterator[Loop]:
    made = Loop()
    yield made
    made.stop()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., tuple[Served, Access]]]:
    """A lab of one box, and the settings that reach it."""
    running: list[Lab] = []

    def made(*, faults: tuple[Fault, ...] = (), **device: object) -> tuple[Served, Access]:
        box = Device(mac=MAC, serial="A", model="SRX300", **device)  # type: ignore[arg-type]  # attributes of a box
        lab = Lab(tmp_path / f"lab{len(running)}", definition=LabDefinition(devices=(box,), faults=faults))
        running.append(lab)
        served = lab.start()
        return served, Access(
            username="haplan", password=served.password, known_hosts=str(served.known_hosts), timeout=20
        )

    yield made
    for lab in running:
        lab.stop()


Start = Callable[..., tuple[Served, Access]]


def place(served: Served) -> Place:
    return Place("127.0.0.1", served.ports[MAC])


@pytest.mark.parametrize("rfc", [False, True])
@pytest.mark.parametrize("chunks", [False, True])
def test_both_dialects_and_both_framings_say_the_same(start: Start, loop: Loop, rfc: bool, chunks: bool) -> None:
    served, found = start(rfc_compliant=rfc, version_1_1=chunks)
    box = Box(Session.connect(loop, place(served), found), found)
    assert box.session._unframer.framing == ("chunks" if chunks else "end")
    facts = box.facts()
    assert (facts.model, facts.serial, facts.mac, box.status()) == ("SRX300", "A", MAC, None)
    assert box.configuration().has(("security", "zones", ("security-zone", "management")))
    box.session.close()


def test_a_key_is_enough(start: Start, loop: Loop) -> None:
    served, found = start()
    found = attrs.evolve(found, password="", key_file=str(served.key_file))
    Session.connect(loop, place(served), found).close()


@pytest.mark.parametrize(("change", "said"), [
    ({"password": "wrong"}, "it does not let haplan in: with password"),
    ({"known_hosts": "nowhere"}, "its host key is not known: there is no file nowhere; put it there, or"),
    ({"known_hosts": ""}, "its host key is not known: there is no file known_hosts; put it there, or let new hosts in"),
    ({"key_file": "no/such/key"}, "no/such/key: No such file or directory"),
    ({"key_file": __file__}, f"key file {__file__}: "),
])  # fmt: skip
def test_who_is_not_let_in_and_who_is_not_known_is_one_line(
    start: Start, loop: Loop, change: dict[str, str], said: str
) -> None:
    served, found = start()
    with pytest.raises(ProviderError) as error:
        Session.connect(loop, place(served), attrs.evolve(found, **change))  # type: ignore[arg-type]  # texts
    assert said in str(error.value)
    assert served.password not in str(error.value)
    assert "\n" not in str(error.value)


def test_a_new_device_is_let_in_only_when_that_is_said_and_never_with_another_key(
    start: Start, loop: Loop, tmp_path: Path
) -> None:
    served, found = start()
    known = tmp_path / "ssh" / "known_hosts"
    new = attrs.evolve(found, known_hosts=str(known), accept_new=True)
    Session.connect(loop, place(served), new).close()
    assert known.read_text().startswith(f"[127.0.0.1]:{served.ports[MAC]} ssh-ed25519 ")
    Session.connect(loop, place(served), attrs.evolve(new, accept_new=False)).close()
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    known.write_text(f"[127.0.0.1]:{served.ports[MAC]} {other}")
    with pytest.raises(ProviderError, match="its host key is another one than in") as error:
        Session.connect(loop, place(served), new)
    assert "accept_new" not in str(error.value)


@pytest.mark.parametrize("accept_new", [False, True])
@pytest.mark.parametrize("name", ["[127.0.0.1]:{port}", "127.0.0.1"])
def test_a_revoked_key_is_never_taken_however_its_host_is_spelt(
    start: Start, loop: Loop, tmp_path: Path, name: str, accept_new: bool
) -> None:
    served, found = start()
    known, port = tmp_path / "known_hosts", served.ports[MAC]
    line = Path(found.known_hosts).read_text()
    revoked = f"@revoked {name.format(port=port)} {line.split(maxsplit=1)[1]}"
    for text in (revoked, line + revoked):
        known.write_text(text)
        with pytest.raises(ProviderError, match="its host key is revoked in") as error:
            Session.connect(loop, place(served), attrs.evolve(found, known_hosts=str(known), accept_new=accept_new))
        assert "accept_new" not in str(error.value)


def test_a_damaged_file_of_known_hosts_is_named(start: Start, loop: Loop, tmp_path: Path) -> None:
    served, found = start()
    known = tmp_path / "known_hosts"
    known.write_text("@nonsense * ssh-ed25519 AAAA\n")
    with pytest.raises(ProviderError, match=f"known_hosts {known}: "):
        Session.connect(loop, place(served), attrs.evolve(found, known_hosts=str(known)))


def test_a_host_that_nobody_is_at_is_one_line(loop: Loop) -> None:
    with pytest.raises(ProviderError, match="it refuses the connection: is NETCONF on"):
        Session.connect(loop, Place("127.0.0.1", 1), Access(username="haplan", timeout=5))


def test_a_box_that_takes_the_connection_and_says_nothing_costs_the_other_node_and_the_other_pairs_nothing(
    tmp_path: Path,
) -> None:
    boxes = [Device(mac=f"02000000000{one}", serial=str(one), model="SRX300") for one in range(4)]
    lab = Lab(tmp_path, definition=LabDefinition(devices=tuple(boxes)))
    served = lab.start()
    with socket.create_server(("127.0.0.1", 0)) as mute:
        hosts = {one.mac: f"127.0.0.1:{served.ports[one.mac]}" for one in boxes}
        hosts[boxes[0].mac] = f"127.0.0.1:{mute.getsockname()[1]}"
        found = Access(username="haplan", password=served.password, known_hosts=str(served.known_hosts))
        found = attrs.evolve(found, addresses=hosts, connect_timeout=4)
        estate = Estate(found, lab.clock)
        pairs = [Nodes(str(at), {one.mac: one.mac for one in boxes[at : at + 2]}) for at in (0, 2)]
        began = time.monotonic()
        seen = estate.looks(pairs, 0)
        assert time.monotonic() - began < 9
        assert set(seen["0"].facts) == {boxes[1].mac}
        assert set(seen["2"].facts) == {boxes[2].mac, boxes[3].mac}
        assert "nobody lets haplan in within 4 s" in seen["0"].errors[boxes[0].mac]
        estate.close()
    lab.stop()


def test_an_answer_that_does_not_come_in_time_is_lost_and_ends_the_session(loop: Loop, tmp_path: Path) -> None:
    silent = Silent(tmp_path)
    session = Session.connect(loop, Place("127.0.0.1", silent.port), silent.access)
    with pytest.raises(ProviderError, match="no answer within") as error:
        session.rpc(etree.Element("get-configuration"), seconds=0.2)
    assert error.value.lost
    assert not session.open
    silent.stop()


def test_a_refusal_is_raised_with_all_that_was_said_and_the_session_goes_on(start: Start, loop: Loop) -> None:
    served, found = start()
    session = Session.connect(loop, place(served), found)
    with pytest.raises(Refused, match="syntax error"):
        session.rpc(etree.Element("get-nothing-at-all"))
    assert session.rpc(etree.Element("get-system-information")).find("serial-number") is not None
    session.close()


def test_devices_are_reached_through_a_jump_host(start: Start, loop: Loop, tmp_path: Path) -> None:
    served, found = start()
    jump = Jump(tmp_path, Path(found.known_hosts))
    through = attrs.evolve(found, jump=Place("127.0.0.1", jump.port), known_hosts=str(jump.known_hosts))
    Session.connect(loop, place(served), through).close()
    assert jump.asked == [("127.0.0.1", served.ports[MAC])]
    jump.stop()


# --- settings ---


def test_settings_come_from_the_environment_where_the_stack_says_nothing() -> None:
    environ = {"JUNOS_USERNAME": "ops", "JUNOS_PASSWORD": "hunter2", "JUNOS_PORT": "22", "HOME": "/home/ops"}
    found = access(SrxConfig(), environ, lambda source: source)
    assert (found.username, found.password, found.place("r1")) == ("ops", "hunter2", Place("r1", 22))
    assert found.known_hosts == "/home/ops/.ssh/known_hosts"
    assert "hunter2" not in repr(found)


@pytest.mark.parametrize(("settings", "said"), [
    ({"port": 99999}, "expected a whole number from 1 to 65535, got 99999"),
    ({"confirm_minutes": 0}, "expected a whole number from 1 to 65535, got 0"),
    ({"jump": "host:port"}, "expected a host"),
])  # fmt: skip
def test_settings_that_are_not_usable_are_one_line(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        SrxConfig(**settings)


def test_a_port_of_the_environment_that_is_none_is_one_line() -> None:
    with pytest.raises(ProviderError, match="no port: JUNOS_PORT takes 1 to 65535"):
        access(SrxConfig(), {"JUNOS_PORT": "99999"}, lambda source: source)
