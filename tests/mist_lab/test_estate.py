"""One estate, many servers: what was answered is kept."""

import concurrent.futures
import json
import os
import pathlib
import signal
import subprocess
import sys
from collections.abc import Callable

import httpx
import pytest

from haplan.errors import HaplanError
from haplan_mist.lab import Device, Fault, Lab, LabDefinition, Settings
from tests import permissions
from tests.mist_lab.cloud import NODE0, NODE1, PAIR, Cloud, template


def test_an_estate_is_found_again_as_it_was_left(tmp_path: pathlib.Path) -> None:
    first = Lab(tmp_path, definition=LabDefinition(devices=PAIR[:1]))
    first.clock.sleep(500)
    seen = first.clock.now()
    first.stop()
    again = Lab(tmp_path, definition=LabDefinition(devices=PAIR))
    assert (again.org_id, again.token, again.person_token) == (first.org_id, first.token, first.person_token)
    assert again.clock.now() >= seen
    with again.estate.read() as tx:
        assert [row["mac"] for row in tx.all("select mac from devices order by mac")] == [NODE0, NODE1]
    again.stop()


def test_what_was_answered_survives_the_death_of_the_server(open_cloud: Callable[..., Cloud]) -> None:
    cloud = open_cloud()
    command = [sys.executable, "-m", "haplan_mist.lab", str(cloud.lab.estate.folder)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    told = json.loads(server.stdout.readline())
    url, headers = told["url"], {"Authorization": f"Token {told['token']}"}
    made = httpx.post(f"{url}/api/v1{cloud.org}/networks", json={"name": "LAN"}, headers=headers, verify=False).json()
    os.kill(server.pid, signal.SIGKILL)
    server.wait()
    server.stdout.close()
    assert cloud.ok("GET", f"{cloud.org}/networks/{made['id']}") == made


def test_two_servers_of_one_estate_see_each_others_writes_clock_and_budget(open_cloud: Callable[..., Cloud]) -> None:
    one = open_cloud()
    two = open_cloud()
    one.to_the_full_hour()
    made = one.new("networks", name="LAN")
    assert two.ok("GET", f"{two.org}/networks") == [made]
    two.later(10)
    assert one.lab.clock.now() - two.lab.clock.now() < 1
    assert one.ok("GET", "/self/usage")["requests"] == 3


def test_a_fault_that_was_used_up_stays_used_up_after_a_restart(open_cloud: Callable[..., Cloud]) -> None:
    faults = (Fault(on="GET /self", status=500),)
    assert open_cloud(faults=faults).api.get("/self").status_code == 500
    assert open_cloud(faults=faults).api.get("/self").status_code == 200
    assert open_cloud(faults=(*faults, Fault(on="GET /self", status=503))).api.get("/self").status_code == 503


def test_ids_look_like_uuids_and_differ(cloud: Cloud) -> None:
    ids = {cloud.new("networks", name="n")["id"] for _ in range(5)}
    assert len(ids) == 5
    assert all(len(text) == 36 and text.count("-") == 4 for text in ids)


def test_exchanges_are_written_down_when_asked_for(
    open_cloud: Callable[..., Cloud], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAPLAN_LAB_TRAFFIC", str(tmp_path / "traffic"))
    cloud = open_cloud()
    cloud.new("networks", name="LAN")
    cloud.api.get(f"{cloud.org}/networks?limit=5")
    (file,) = (tmp_path / "traffic").iterdir()
    post, get = (json.loads(line) for line in file.read_text().splitlines())
    assert (post["method"], post["path"], post["status"]) == ("POST", f"/api/v1{cloud.org}/networks", 200)
    assert post["request"] == {"name": "LAN"}
    assert (get["query"], get["headers"]["x-page-total"]) == ("limit=5", "1")
    assert get["response"] == [post["response"]]
    assert cloud.served.token not in file.read_text()


def test_three_hundred_pairs_are_written_and_listed(open_cloud: Callable[..., Cloud]) -> None:
    pairs = [(f"02005e{n:05x}0", f"02005e{n:05x}1") for n in range(300)]
    boxes = tuple(Device(mac=mac, serial=mac, model="SSR120") for pair in pairs for mac in pair)
    cloud = open_cloud(boxes, budget=100_000)
    made = cloud.new("gatewaytemplates", **template())["id"]
    for number, (node0, node1) in enumerate(pairs):
        site = cloud.new("sites", name=f"s{number}", gatewaytemplate_id=made)["id"]
        cloud.assign(site, node0, node1)
        assert cloud.form(site, node0, node1).status_code == 200
    cloud.later(16)
    cloud.ok("GET", "/self")
    stats = cloud.ok("GET", f"{cloud.org}/stats/devices?type=gateway&limit=1000")
    members = cloud.ok("GET", f"{cloud.org}/inventory?vc=true&limit=1000")
    assert sum(entry["is_ha"] and entry["config_status"] == "COMMITED" for entry in stats) == 300
    assert len(members) == 600


def test_settings_can_change_between_runs(open_cloud: Callable[..., Cloud]) -> None:
    assert open_cloud(budget=7).ok("GET", "/self/usage")["request_limit"] == 7
    assert open_cloud().ok("GET", "/self/usage")["request_limit"] == Settings().budget


def test_many_clients_of_two_servers_lose_nothing(open_cloud: Callable[..., Cloud]) -> None:
    clouds = [open_cloud(), open_cloud()]
    clouds[0].to_the_full_hour()
    names = [f"n{number}" for number in range(40)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: clouds[int(n[1:]) % 2].new("networks", name=n)["id"], names))
    listed = clouds[0].ok("GET", f"{clouds[0].org}/networks?limit=1000")
    assert {entry["id"]: entry["name"] for entry in listed} == dict(zip(made, names, strict=True))
    assert clouds[1].ok("GET", "/self/usage")["requests"] == 42


def test_nobody_else_reads_the_estate(tmp_path: pathlib.Path) -> None:
    with Lab(tmp_path) as lab:
        assert lab.estate.file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("odd", ["may not be written", "may not be read", "is no database", "is in the way"])
def test_an_estate_that_cannot_be_opened_is_told_with_its_file(tmp_path: pathlib.Path, odd: str) -> None:
    Lab(tmp_path, definition=LabDefinition()).stop()
    file = next(tmp_path.glob("*.db"))
    if odd == "is in the way":
        file.unlink()
        file.mkdir()
    elif odd == "is no database":
        file.write_bytes(b"something else " * 400)
    else:
        file.chmod(0o444 if odd == "may not be written" else 0o000)
    with (
        permissions.asked(),
        pytest.raises(HaplanError, match=rf"{file.name}: the simulated estate cannot be opened: "),
    ):
        Lab(tmp_path, definition=LabDefinition())
