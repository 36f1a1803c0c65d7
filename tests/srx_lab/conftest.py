"""One lab a test: a pair of boxes, cabled, not clustered; and plain ways to talk to them."""

import gc
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest
from jnpr.junos import Device as Junos
from lxml import etree
from ncclient import manager

from haplan_srx.lab import Device, Lab, LabDefinition, Served

NODE0, NODE1 = "02005e300a10", "02005e300a11"


@attrs.define
class Bench:
    """A lab, where it answers, and the sessions that were opened to it."""

    lab: Lab
    served: Served
    opened: list[Any] = attrs.field(factory=list)

    def port(self, mac: str = NODE0) -> int:
        return self.served.ports[mac]

    def pyez(self, mac: str = NODE0, user: str = "haplan") -> Junos:
        """A PyEZ device that is connected."""
        device = Junos(
            host="127.0.0.1", port=self.port(mac), user=user, password=self.lab.password(user), gather_facts=False
        )  # fmt: skip
        self.opened.append(device)
        return device.open()

    def ncclient(self, mac: str = NODE0, user: str = "haplan", **more: Any) -> Any:
        """An ncclient session."""
        session = manager.connect(
            host="127.0.0.1", port=self.port(mac), username=user, hostkey_verify=False, allow_agent=False,
            look_for_keys=False, device_params={"name": "junos"},
            **(more or {"password": self.lab.password(user)}),
        )  # fmt: skip
        self.opened.append(session)
        return session

    def rpc(self, body: str, mac: str = NODE0, user: str = "haplan") -> etree._Element:
        """One RPC in a session of its own, as bare as can be: the reply without namespaces."""
        return self.talk(mac, user)(body)

    def talk(self, mac: str = NODE0, user: str = "haplan") -> Callable[[str], Any]:
        """A session without SSH around it: RPC in, reply without namespaces out; None if the session ended."""
        router = self.lab.router
        greeted = router.greet(mac, user)
        if greeted is None:
            raise ConnectionRefusedError(mac)
        number = greeted[0]

        def say(body: str) -> Any:
            reply, _ = router.answer(number, f'<rpc message-id="7">{body}</rpc>'.encode())
            return None if reply is None else plain(reply)

        return say

    def form(self, cluster: int = 1) -> None:
        """Make the two boxes a cluster, and wait until it is one."""
        for mac, node in ((NODE1, 1), (NODE0, 0)):
            enable = f"<cluster-id>{cluster}</cluster-id><node>{node}</node><reboot/>"
            self.rpc(f"<set-chassis-cluster-enable>{enable}</set-chassis-cluster-enable>", mac)
        self.lab.clock.sleep(700)

    def commit(self, lines: str, mac: str = NODE0, user: str = "haplan") -> etree._Element:
        """Load `set` lines and commit them."""
        say = self.talk(mac, user)
        loaded = say(load(lines))
        assert loaded.find(".//ok") is not None, etree.tostring(loaded)
        return say("<commit-configuration/>")


def load(lines: str) -> str:
    return (
        '<load-configuration action="set" format="text"><configuration-set>'
        f"{lines}</configuration-set></load-configuration>"
    )


def plain(text: str) -> etree._Element:
    """XML without namespaces."""
    root = etree.fromstring(text)
    for one in root.iter(etree.Element):
        one.tag = etree.QName(one).localname
        for name in [name for name in one.attrib if "{" in name]:
            one.set(etree.QName(name).localname, one.attrib.pop(name))
    return root


def texts(element: etree._Element, path: str) -> list[str]:
    return [(one.text or "").strip() for one in element.iterfind(path)]


def devices(model: str = "SRX1500", **more: Any) -> tuple[Device, Device]:
    """Two boxes of one model that are cabled to each other."""
    return (
        Device(mac=NODE0, serial="DEMOH1A", model=model, name="left", pair=NODE1, **more),
        Device(mac=NODE1, serial="DEMOH1B", model=model, name="right", pair=NODE0, **more),
    )


@pytest.fixture
def bench_of(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    """Starts a lab: `bench_of(devices(…), settings=…, faults=…)`."""
    running: list[Bench] = []

    def start(boxes: Sequence[Device] | None = None, folder: str = "lab", **more: Any) -> Bench:
        definition = LabDefinition(devices=tuple(boxes or devices()), **more)
        lab = Lab(tmp_path / folder, definition=definition)
        running.append(Bench(lab, lab.start()))
        return running[-1]

    yield start
    for bench in running:
        for session in bench.opened:
            if getattr(session, "connected", False):
                (session.close if isinstance(session, Junos) else session.close_session)()
        bench.lab.stop()


@pytest.fixture
def leaky() -> Iterator[None]:
    """For tests in which paramiko, below PyEZ and ncclient, loses its connection: it leaves the socket to the garbage
    collector then, and a later test would be blamed for it."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def bench(bench_of: Callable[..., Bench]) -> Bench:
    """A lab of two boxes."""
    return bench_of()
