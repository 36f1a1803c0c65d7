"""Labs that are closed after the test."""

import pathlib
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import httpx
import pytest

from haplan_mist.lab import Device, Lab, LabDefinition, Settings
from tests.mist_lab.cloud import NODE0, NODE1, PAIR, Cloud, template


@pytest.fixture
def open_cloud(tmp_path: pathlib.Path) -> Iterator[Callable[..., Cloud]]:
    """`open_cloud(devices, faults=…, **settings)` serves a lab; it is closed after the test."""
    opened: list[tuple[Lab, list[httpx.Client]]] = []

    def open_(devices: tuple[Device, ...] = PAIR, *, tls: bool = False, folder: str = "lab", **given: Any) -> Cloud:
        names = {field.name for field in attrs.fields(Settings)}
        settings = Settings(**{key: value for key, value in given.items() if key in names})
        rest = {key: value for key, value in given.items() if key not in names}
        lab = Lab(tmp_path / folder, definition=LabDefinition(devices=devices, settings=settings, **rest))
        served = lab.start(tls=tls)
        # without TLS no CA bundle needs to be loaded, which takes longer than most tests
        verify = ssl.create_default_context(cafile=str(served.ca_file)) if served.ca_file else False
        clients = [
            httpx.Client(
                base_url=f"{served.url}/api/v1",
                headers={"Authorization": f"Token {key}"},
                verify=verify,
                trust_env=False,
            )
            for key in (lab.token, lab.person_token, lab.reader_token)
        ]
        clients.append(httpx.Client(base_url=f"{served.url}/lab", verify=verify, trust_env=False))
        opened.append((lab, clients))
        return Cloud(lab, served, *clients)

    yield open_
    for lab, clients in opened:
        for client in clients:
            client.close()
        lab.stop()


@pytest.fixture
def cloud(open_cloud: Callable[..., Cloud]) -> Cloud:
    return open_cloud()


@pytest.fixture
def pair_at_site(cloud: Cloud) -> tuple[Cloud, str]:
    """A site with a working template and both nodes assigned."""
    site = cloud.new("sites", name="spoke1", gatewaytemplate_id=cloud.new("gatewaytemplates", **template())["id"])
    cloud.assign(site["id"], NODE0, NODE1)
    return cloud, site["id"]
