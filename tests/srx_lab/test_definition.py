"""`lab.toml`, the lab of a stack, and the shipped models."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from haplan.contracts import LabRequest
from haplan.errors import ProviderError
from haplan.model.stack import Block, Lifecycle, Location
from haplan_srx import labs
from haplan_srx.lab import Lab, read_definition
from haplan_srx.lab.chassis.models import MODELS
from haplan_srx.lab.config import make_schema, schema
from haplan_srx.translate.slots import ROWS

ARCHIVE = Path(__file__).parents[2] / "../shared/reference/yang/junos-es-24.4R1.tar.xz"
TOML = """
[settings]
boot_minutes = 3
[[device]]
mac = "02:00:5e:30:0a:10"
serial = "S0"
model = "SRX345"
pair = "02005e300a11"
config = "set system domain-name lab.example"
[[fault]]
on = "commit-configuration"
drop = "after"
[[boot]]
result = "never"
[[link]]
device = "*"
port = "control"
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "lab.toml"
    file.write_text(text)
    return file


def test_a_definition_is_read(tmp_path: Path) -> None:
    found = read_definition(written(tmp_path, TOML))
    assert (found.settings.boot_minutes, found.devices[0].mac, found.devices[0].name) == (3, "02005e300a10", "srx-0a10")
    assert (found.faults[0].drop, found.boots[0].result, found.links[0].port) == ("after", "never", "control")


def test_a_file_may_be_for_several_labs(tmp_path: Path) -> None:
    file = written(tmp_path, "[mist.settings]\nbudget = 1\n[srx.settings]\nboot_minutes = 4")
    assert read_definition(file).settings.boot_minutes == 4


@pytest.mark.parametrize(("text", "words"), [
    ("[[device]]\nmac = 'x'\nserial = 'a'\nmodel = 'SRX300'", "device[0]: 'x' is not a MAC address"),
    ("[[device]]\nmac = '02005e300a10'\nserial = 'a'\nmodel = 'SRX999'", "does not know 'SRX999'"),
    ("[[device]]\nmac = '02005e300a10'\nserial = 'a'", "device[0]: missing key model"),
    ("[[fault]]\non = 'x'\ndrop = 'during'", "fault[0].drop: must be one of 'before', 'middle', 'after'"),
    ("[[fault]]\nonn = 'x'", "fault[0].onn: unknown key"),
    ("[setting]\nx = 1", "did you mean [settings]?"),
    ("[settings]\nboot_minutes = 'long'", "settings.boot_minutes: must be float"),
])  # fmt: skip
def test_a_mistake_is_one_line_with_file_and_key(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ValueError, match=r"lab\.toml") as wrong:
        read_definition(written(tmp_path, text))
    assert words in str(wrong.value)
    assert "\n" not in str(wrong.value)


def cluster(**nodes: dict[str, str]) -> Block:
    values = {"model": "SRX300", "firmware": "23.4R2-S3", "nodes": nodes}
    return Block(
        address="cluster.h1",
        type="cluster",
        label="h1",
        name="h1",
        owner="",
        provider="srx",
        values=values,
        extra={},
        references=(),
        lifecycle=Lifecycle(),
        location=Location("stack.py", 1),
    )


def test_the_nodes_of_a_stack_are_there_cabled_and_known_by_host_and_mac(tmp_path: Path) -> None:
    made = cluster(**{"02005e300a11": {"host": "h1b.example"}, "02005e300a10": {"serial": "DEMO"}})
    lab = labs.start(LabRequest(folder=tmp_path / ".haplan" / "lab", definition=None, blocks=(made,)))
    try:
        addresses = lab.settings["addresses"]
        assert set(addresses) == {"02005e300a11", "02005e300a10", "h1b.example"}
        assert addresses["h1b.example"] == addresses["02005e300a11"]
        assert Path(lab.settings["known_hosts"]).exists()
        with Lab(tmp_path / ".haplan" / "lab") as again, again.estate.read() as tx:
            rows = [tuple(row) for row in tx.all("select mac, serial, model, version, pair from boxes order by mac")]
        assert rows == [
            ("02005e300a10", "DEMO", "SRX300", "23.4R2-S3", "02005e300a11"),
            ("02005e300a11", "LAB02005E300A11", "SRX300", "23.4R2-S3", "02005e300a10"),
        ]
        assert any(line.startswith("JUNOS_PASSWORD=") for line in lab.describe())
    finally:
        lab.stop()
    assert not Path(lab.settings["known_hosts"]).exists()


def test_a_wrong_definition_or_model_is_one_line(tmp_path: Path) -> None:
    request = LabRequest(folder=tmp_path / "lab", definition=written(tmp_path, "[[device]]\nmac = 1"), blocks=())
    with pytest.raises(ProviderError, match=r"^srx lab: .*lab.toml: device\[0\].mac"):
        labs.start(request)
    wrong = written(tmp_path, TOML.replace("set system domain-name lab.example", "set system nonsense"))
    with pytest.raises(ProviderError, match="srx lab: device 02005e300a10: config: syntax error nonsense"):
        labs.start(LabRequest(folder=tmp_path / "lab", definition=wrong, blocks=()))


def test_a_port_that_is_taken_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ProviderError, match=r"srx lab: .*in use"):
            labs.start(
                LabRequest(
                    folder=tmp_path / "lab", definition=None, blocks=(cluster(**{"02005e300a10": {}}),), port=port
                )
            )


def test_the_simulator_runs_as_a_process_of_its_own(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "haplan_srx.lab", str(tmp_path / "lab"), "--definition"]
    child = subprocess.Popen([*command, str(written(tmp_path, TOML))], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    told = json.loads(child.stdout.readline())
    child.terminate()
    child.communicate()
    assert list(told["ports"]) == ["02005e300a10"]
    assert told["user"] == "haplan"


@pytest.mark.skipif(not ARCHIVE.exists(), reason="the vendor's models are not part of a clone")
def test_the_shipped_models_are_what_the_script_makes_of_the_vendors(tmp_path: Path) -> None:
    made = tmp_path / "schema.json.xz"
    make_schema.main(ARCHIVE, made)
    assert made.read_bytes() == (Path(schema.__file__).with_name("schema.json.xz")).read_bytes()


def test_every_model_that_is_formed_is_in_the_lab() -> None:
    formed = {row.model: (row.offset, row.management, row.control) for row in ROWS.values() if row.offset is not None}
    assert {name: (model.offset, model.fxp0, model.fxp1) for name, model in MODELS.items()} == formed
