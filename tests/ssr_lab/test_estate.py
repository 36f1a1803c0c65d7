"""One estate, many servers: what was answered is kept. And `lab.toml`."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from haplan.contracts import LabRequest
from haplan.errors import ProviderError
from haplan_ssr.lab import Asset, Fault, Lab, LabDefinition, Settings, read_definition
from haplan_ssr.labs import start
from tests.ssr_lab.conductor import CANDIDATE, Conductor

WHOLE = """
[settings]
version = "5.4.2"
commit_seconds = 60
patch_leaf_list = "replace"

[[asset]]
id = "a"
connected = false

[[fault]]
on = "POST /config/commit"
nth = 2
drop = "after"

[[fault]]
on = "POST /config/validate"
status = 200
body = [{message = "no"}]
"""


def test_what_was_answered_survives_the_death_of_the_server(open_conductor: Callable[..., Conductor]) -> None:
    conductor = open_conductor()
    command = [sys.executable, "-m", "haplan_ssr.lab", str(conductor.lab.estate.folder)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    told = json.loads(server.stdout.readline())
    with httpx.Client(base_url=f"{told['url']}/api/v1", verify=False, trust_env=False) as other:
        login = {"username": "haplan", "password": told["users"]["haplan"]}
        token = other.post("/login", json=login).json()["token"]
        path = f"{CANDIDATE}/authority/tenant"
        other.post(path, json={"name": "guest"}, headers={"Authorization": f"Bearer {token}"})
    os.kill(server.pid, signal.SIGKILL)
    server.wait()
    server.stdout.close()
    conductor.api.http.headers["Authorization"] = f"Bearer {token}"
    assert conductor.api.candidate("/tenant/guest") == {"name": "guest"}
    assert conductor.api.dirty()


def test_two_servers_of_one_estate_share_candidates_clock_and_faults(open_conductor: Callable[..., Conductor]) -> None:
    one, two = open_conductor(), open_conductor()
    one.api.put(tenant=[{"name": "guest"}])
    assert two.api.commit() == []
    assert not one.api.dirty()
    two.later(10)
    assert one.lab.clock.now() - two.lab.clock.now() < 1
    one.fault(on="GET /system", status=503)
    assert two.api.refused("GET", "/system")[0] == 503
    one.api.ok("GET", "/system")


def test_settings_can_change_between_runs_and_passwords_stay(open_conductor: Callable[..., Conductor]) -> None:
    first = open_conductor(version="5.4.0")
    again = open_conductor(version="6.3.0")
    assert again.api.ok("GET", "/system")["softwareVersion"] == "6.3.0"
    assert first.lab.password() == again.lab.password()


def test_nobody_else_reads_the_estate_or_the_servers_key(tmp_path: Path) -> None:
    with Lab(tmp_path) as lab:
        lab.start()
        for name in ("ssr.db", "ssr-server.pem"):
            assert (tmp_path / name).stat().st_mode & 0o077 == 0


def test_a_whole_definition_is_read(tmp_path: Path) -> None:
    file = tmp_path / "lab.toml"
    file.write_text(WHOLE)
    assert read_definition(file) == LabDefinition(
        assets=(Asset("a", connected=False),),
        faults=(
            Fault(on="POST /config/commit", nth=2, drop="after"),
            Fault(on="POST /config/validate", status=200, body=[{"message": "no"}]),
        ),
        settings=Settings(version="5.4.2", commit_seconds=60, patch_leaf_list="replace"),
    )
    file.write_text(
        f"[mist.settings]\nbudget = 7\n{WHOLE.replace('[[', '[[ssr.').replace('[settings', '[ssr.settings')}"
    )
    assert read_definition(file).settings.version == "5.4.2"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[settings]\nspeed = 1", "settings.speed: unknown key; allowed are authority,"),
        ("[settings]\nversion = 'new'", "settings: 'new' is not a software version such as 6.3.0"),
        ("[settings]\nkeys = 'snake'", "settings.keys: must be one of 'kebab', 'camel', not 'snake'"),
        ("[[asset]]\nversion = '1'", "asset[0]: missing key id; required are id"),
        ("[[asset]]\nid = 'a'\n[[asset]]\nid = 'a'", "asset[1].id: a is listed twice"),
        ("[[assets]]\nid = 'a'", "assets: no such table; did you mean [[asset]]?"),
        ("[[fault]]\non = 'FETCH /x'", "fault[0]: on: 'FETCH /x' is not a method"),
        ("[[fault]]\non = 'GET /x'\nbody = 5", "fault[0].body: must be Mapping or Sequence or str, not 5"),
    ],
)
def test_a_mistake_is_one_line_with_file_key_and_what_is_allowed(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "lab.toml"
    file.write_text(text)
    with pytest.raises(ProviderError, match=r"^ssr lab: .*lab\.toml: ") as caught:
        start(LabRequest(folder=tmp_path, definition=file, blocks=()))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_started_lab_gives_the_settings_and_says_how_others_reach_it(tmp_path: Path) -> None:
    lab = start(LabRequest(folder=tmp_path, definition=None, blocks=()))
    try:
        assert set(lab.settings) == {"host", "username", "password", "ca_file"}
        told = dict(line.split("=", 1) for line in lab.describe())
        assert told["SSR_HOST"] == lab.settings["host"]
        assert told["SSR_PASSWORD"] != told["PERSON_PASSWORD"]
    finally:
        lab.stop()
