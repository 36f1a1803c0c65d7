"""The wheel: all that is needed at run time is in it, and its licences are told as they are."""

import subprocess
import sys
from email.message import Message
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parent.parent
LICENCES = {
    "LICENSE",
    "providers/haplan_mist/lab/http/LICENSE.mist-openapi",
    "providers/haplan_srx/lab/config/LICENSE.juniper-yang",
    "providers/haplan_ssr/model/LICENSE.128technology",
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    pytest.importorskip("hatchling", reason="the wheel is built with hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (file,) = folder.glob("*.whl")
    return ZipFile(file)


def metadata(wheel: ZipFile) -> Message:
    (name,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    return Parser().parsestr(wheel.read(name).decode())


def test_what_is_read_at_run_time_is_in_it(wheel: ZipFile) -> None:
    read = {"haplan/report/plan.schema.json", "haplan/py.typed", "haplan_mist/py.typed", "haplan_sqlite/py.typed"}
    assert read <= set(wheel.namelist())


def test_each_licence_is_named_and_lies_beside_the_data_that_it_is_of(wheel: ZipFile) -> None:
    assert set(metadata(wheel).get_all("License-File", [])) == LICENCES
    beside = {name.removeprefix("providers/") for name in LICENCES if name.startswith("providers/")}
    assert beside == {name for name in wheel.namelist() if "LICENSE" in name and ".dist-info/" not in name}


def test_the_licence_is_an_expression_of_those_that_lie_there(wheel: ZipFile) -> None:
    assert metadata(wheel)["License-Expression"] == "Apache-2.0 AND MIT"
    texts = [(ROOT / name).read_text() for name in LICENCES]
    assert all("MIT License" in text or "Apache License" in text or "Permission is hereby" in text for text in texts)
