"""For all tests: clean surroundings, and a record of every exchange with a simulator.

The traffic of the whole run is kept, and the last tests (`tests/test_traffic.py`) hold it against the published API
description and the vendor's models. Where the run is spread over processes (``pytest -n auto``), all of them write to
one folder, and the process that spreads it runs those tests once the others are done.
"""

import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

TRACES = "HAPLAN_TEST_TRACES"
"""Environment variable: the folder that all processes of a spread run leave their traces in."""
LAST = "test_traffic.py"
"""The file whose tests read the traces of all others."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Tests need nothing of each other: any order does."""
    parser.addoption("--shuffle", type=int, metavar="SEED", help="files, and the tests in each, in an order by chance")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The test of the traffic comes last, when all of it is there; of a spread run, after it."""
    if config.option.shuffle is not None:
        chance = random.Random(config.option.shuffle)
        chance.shuffle(items)
        files = list(dict.fromkeys(item.path for item in items))
        items.sort(key=lambda item: files.index(item.path))
    items.sort(key=lambda item: item.path.name == LAST)
    if hasattr(config, "workerinput"):
        items[:] = [item for item in items if item.path.name != LAST]


def pytest_configure(config: pytest.Config) -> None:
    """Of a spread run: one folder for the traces of all its processes, named before these begin.

    The hundreds of programs that tests start read compiled code: without it, compiling is half of what each costs.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if _spreads(config):
        folder = tempfile.TemporaryDirectory()
        config.add_cleanup(folder.cleanup)
        os.environ[TRACES] = folder.name


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Iterator[None]:
    """After a spread run of everything: the tests that read its traces."""
    done = yield
    config = session.config
    if _spreads(config) and config.args == config.getini("testpaths"):
        command = [sys.executable, "-m", "pytest", "-n", "0", str(Path(__file__).with_name(LAST))]
        session.testsfailed += bool(subprocess.run(command, check=False).returncode)
    return done


def _spreads(config: pytest.Config) -> bool:
    return bool(getattr(config.option, "numprocesses", None)) and not hasattr(config, "workerinput")


@pytest.fixture(scope="session")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that simulators write their exchanges to."""
    return _traces("traffic", tmp_path_factory)


@pytest.fixture(scope="session")
def committed_configurations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that simulated boxes write every configuration to that a commit took."""
    return _traces("committed", tmp_path_factory)


def _traces(name: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if TRACES not in os.environ:
        return tmp_path_factory.mktemp(name)
    folder = Path(os.environ[TRACES], name)
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session", autouse=True)
def surroundings(traffic: Path, committed_configurations: Path) -> Iterator[None]:
    """No credentials and no settings of the person who runs the tests; traffic is recorded."""
    kept = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(("MIST_", "HAPLAN_"))]:
        del os.environ[name]
    os.environ["HAPLAN_LAB_TRAFFIC"] = str(traffic)
    os.environ["HAPLAN_LAB_CONFIGS"] = str(committed_configurations)
    os.environ["NO_COLOR"] = "1"
    yield
    os.environ.clear()
    os.environ.update(kept)
