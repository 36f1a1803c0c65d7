"""Files from outside have a size limit; ours are their owner's alone, and take their place whole or not at all."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from haplan.state import files


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o777])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("umask")
def test_what_is_put_is_readable_by_its_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    files.put(tmp_path / "a.plan", b"a")
    assert (mode(tmp_path / "a.plan"), (tmp_path / "a.plan").read_bytes()) == (0o600, b"a")
    assert os.listdir(tmp_path) == ["a.plan"]


@pytest.mark.usefixtures("umask")
def test_folders_and_files_of_a_run_are_their_owner_s_alone_whatever_the_umask(tmp_path: Path) -> None:
    files.private_folder(tmp_path / "one" / "two")
    with files.open_private(tmp_path / "one" / "two" / "events") as file:
        file.write("x")
    assert [mode(tmp_path / name) for name in ("one", "one/two", "one/two/events")] == [0o700, 0o700, 0o600]
    files.private_folder(tmp_path / "one" / "two")


def test_a_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    files.private_folder(tmp_path / "one")
    assert (mode(tmp_path), mode(tmp_path / "one")) == (0o755, 0o700)


def test_a_wider_file_of_that_name_becomes_private(tmp_path: Path) -> None:
    (tmp_path / "a.plan").write_bytes(b"old")
    (tmp_path / "a.plan").chmod(0o644)
    files.put(tmp_path / "a.plan", b"new")
    assert mode(tmp_path / "a.plan") == 0o600


def test_a_full_disk_leaves_what_stood_there(tmp_path: Path) -> None:
    """A real limit of the process on the size of files stands in for the disk."""
    file = tmp_path / "a.plan"
    file.write_bytes(b"approved")
    script = (
        "import resource, signal, sys, pathlib\n"
        "from haplan.state import files\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "sys.dont_write_bytecode = True\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n    files.put(pathlib.Path(sys.argv[1]), b'x' * 5000)\n"
        "except OSError as error:\n    print(error.strerror)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(file)], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("File too large\n", "")
    assert (file.read_bytes(), os.listdir(tmp_path)) == (b"approved", ["a.plan"])


def test_a_link_goes_on_pointing_at_what_is_put(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "a.plan").symlink_to(tmp_path / "real" / "a.plan")
    files.put(tmp_path / "a.plan", b"new")
    assert (tmp_path / "a.plan").is_symlink()
    assert (tmp_path / "real" / "a.plan").read_bytes() == b"new"


def test_what_is_no_ordinary_file_is_written_to_and_stays(tmp_path: Path) -> None:
    files.put(Path("/dev/null"), b"x")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_a_file_that_is_too_large_is_refused_and_not_read_whole(tmp_path: Path) -> None:
    (tmp_path / "exact").write_bytes(b"x" * 10)
    assert files.read(tmp_path / "exact", 10) == b"x" * 10
    with pytest.raises(OSError, match="it is larger than") as caught:
        files.read(Path("/dev/zero"), files.MEGABYTE)
    assert caught.value.strerror == "it is larger than 1 MB, which is more than is read from outside"


def test_whose_a_file_is(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.touch(0o600)
    assert files.foreign(file) == ""
    file.chmod(0o666)
    assert files.foreign(file) == "others may write it too"
    (tmp_path / "link").symlink_to(file)
    assert files.foreign(tmp_path / "link") == "it is no ordinary file"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_whose_a_file_is_that_belongs_to_somebody_else(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.touch(0o600)
    os.chown(file, 1, 1)
    assert files.foreign(file) == "it belongs to daemon"
    os.chown(file, 54321, 1)
    assert files.foreign(file) == "it belongs to user 54321"
