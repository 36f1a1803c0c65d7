"""A stranger's provider, in a distribution of its own: built, installed, and used as any user would.

What it writes is a folder of files, so it outlives any process; the command line runs as a process, and is killed.
"""

import json
import os
import re
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import attrs
import pytest

from haplan import engine
from haplan.host.session import open_session

HERE = Path(__file__).parent
README = HERE.parent.parent / "providers" / "README.md"
POND = """
from haplan import output, provider
from haplan_pond import Fish

provider("pond", folder={folder!r})
carp = Fish("carp", species="carp", length={carp})
Fish("pike", species="{pike}", length={length}, depends_on=[carp])
output("carp", carp.id)
"""
WORDS = {"carp": 30, "pike": "pike", "length": 60}
CONTRACT = """
import pytest
from haplan_pond import Fish, Pond, Settings

from haplan.testing import FakeClock, ProviderContract, context


class TestPond(ProviderContract):
    resource = Fish
    wanted = {"species": "carp", "length": 30}
    changed = {"length": 31}

    @pytest.fixture
    def opened(self, tmp_path):
        return lambda: Pond.open(Settings(folder=str(tmp_path)), context(FakeClock()))
"""
KILLER = """
import os, pathlib, signal, sys
left, moment, kill = int(sys.argv[1]), sys.argv[2], lambda: os.kill(os.getpid(), signal.SIGKILL)
def stepping(name):
    real = getattr(pathlib.Path, name)
    def step(*given, **more):
        global left
        if pathlib.Path(given[0]).parent.name != "pond":
            return real(*given, **more)
        left -= 1
        if left == 0 and moment == "before":
            kill()
        done = real(*given, **more)
        if left == 0:
            kill()
        return done
    setattr(pathlib.Path, name, step)
for name in ("rename", "unlink"):
    stepping(name)
from haplan.cli.main import run
sys.exit(run(sys.argv[3:]))
"""


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the stranger's distribution, installed from its source; nothing is fetched for it."""
    for module in ("hatchling", "pip"):
        if find_spec(module) is None:
            pytest.skip(f"{module} is not installed: the stranger's distribution cannot be built and installed")
    folder = tmp_path_factory.mktemp("stranger")
    offline = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet"]
    command = [sys.executable, "-m", "pip", "install", *offline, "--target", str(folder), str(HERE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@attrs.frozen
class Shore:
    """A stack beside a pond, and the command line as a process of its own."""

    folder: Path
    installed: Path

    def write(self, **words: Any) -> "Shore":
        text = POND.format(folder=str(self.folder / "pond"), **{**WORDS, **words})
        (self.folder / "stack.py").write_text(text)
        return self

    def python(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        environ = {
            **os.environ,
            "PYTHONPATH": str(self.installed),
            "HAPLAN_PLUGINS_OFF": "design,mist,srx,ssr,postgres",
        }
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=self.folder, env=environ, capture_output=True, text=True, check=False)

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return self.python("-m", "haplan", *arguments)

    def apply(self) -> "subprocess.CompletedProcess[str]":
        return self.run("apply", "--auto-approve")

    def killed(self, number: int, moment: str) -> bool:
        """An apply that dies at its n-th change of the pond; False if it had fewer."""
        done = self.python("-c", KILLER, str(number), moment, "apply", "--auto-approve")
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        return done.returncode != 0

    def fish(self) -> list[tuple[str, int]]:
        found = [json.loads(file.read_text()) for file in (self.folder / "pond").glob("*.json")]
        return sorted((one["species"], one["length"]) for one in found)

    def stems(self) -> list[str]:
        return sorted(file.stem for file in (self.folder / "pond").glob("*.json"))

    def recorded(self) -> dict[str, str]:
        with open_session(self.folder) as session:
            return {address: row.id for (address, _), row in engine.read_state(session).rows.items()}


@pytest.fixture
def shore(tmp_path: Path, installed: Path) -> Shore:
    (tmp_path / "pond").mkdir()
    return Shore(tmp_path, installed).write()


def agrees(shore: Shore) -> None:
    """State and pond are one, and nothing is left to do."""
    done = shore.run("plan", "--detailed-exitcode")
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(shore.recorded().values()) == shore.stems()


def test_it_is_small() -> None:
    assert len((HERE / "haplan_pond.py").read_text().splitlines()) < 70


def test_the_guide_shows_it_as_it_is() -> None:
    guide = README.read_text()
    for name, language in (("haplan_pond.py", "python"), ("pyproject.toml", "toml")):
        shown = re.search(rf"<!-- tests/stranger/{name} -->\n```{language}\n(.*?)```", guide, re.DOTALL)
        assert shown is not None
        assert shown[1] == (HERE / name).read_text()
    shown = re.search(r"<!-- its test -->\n```python\n(.*?)```", guide, re.DOTALL)
    assert shown is not None
    assert shown[1] == CONTRACT.lstrip()


def test_it_is_found_with_its_types(shore: Shore) -> None:
    assert "pond" in shore.run("plugins").stdout
    assert "species" in shore.run("types", "pond_fish").stdout


def test_it_keeps_the_contract(shore: Shore, installed: Path) -> None:
    (shore.folder / "test_pond.py").write_text(CONTRACT)
    done = shore.python("-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "test_pond.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


def test_it_plans_applies_changes_replaces_and_destroys(shore: Shore) -> None:
    planned = shore.run("plan")
    assert (planned.returncode, shore.fish()) == (0, [])
    assert "pond_fish.carp" in planned.stdout
    assert shore.apply().returncode == 0
    assert shore.fish() == [("carp", 30), ("pike", 60)]
    before = shore.recorded()
    shore.write(carp=31, pike="zander")
    assert shore.apply().returncode == 0
    after = shore.recorded()
    assert shore.fish() == [("carp", 31), ("zander", 60)]
    assert after["pond_fish.carp"] == before["pond_fish.carp"]
    assert after["pond_fish.pike"] != before["pond_fish.pike"]
    agrees(shore)
    assert shore.run("destroy", "--auto-approve").returncode == 0
    assert shore.fish() == []


def test_what_somebody_else_did_is_drift(shore: Shore) -> None:
    shore.apply()
    (file,) = [file for file in (shore.folder / "pond").glob("*.json") if "carp" in file.read_text()]
    file.write_text(file.read_text().replace("30", "29"))
    assert shore.run("drift").returncode == 2
    assert shore.apply().returncode == 0
    assert shore.fish() == [("carp", 30), ("pike", 60)]


def test_it_fails_in_part_and_goes_on_when_mended(shore: Shore) -> None:
    shore.write(length=101)
    done = shore.apply()
    assert done.returncode == 3
    assert "pond_fish.pike: no room for 101 cm; take less" in done.stdout + done.stderr
    assert shore.fish() == [("carp", 30)]
    shore.write(length=60)
    assert shore.apply().returncode == 0
    agrees(shore)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_at_any_change_of_the_pond_it_recovers(shore: Shore, moment: str) -> None:
    ways = ({"carp": 31, "pike": "zander"}, {"carp": 30, "pike": "pike"})
    shore.apply()
    number = 1
    while shore.write(**ways[0]).killed(number, moment):
        done = shore.apply()
        assert done.returncode == 0, done.stdout + done.stderr
        assert shore.fish() == sorted([("carp", ways[0]["carp"]), (ways[0]["pike"], 60)]), f"{moment} change {number}"
        assert sorted(shore.recorded().values()) == shore.stems()
        ways, number = ways[::-1], number + 1
    assert number == 4  # an update, and a replacement of two changes
    agrees(shore)
