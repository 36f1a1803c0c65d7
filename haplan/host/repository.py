"""The commit that a stack stands at, and whether what it read is as that commit has it."""

import os
from collections.abc import Iterable
from pathlib import Path

import attrs

SECONDS = 5.0
"""Longest that a plan waits for git."""


@attrs.frozen
class Commit:
    """A commit, and whether what was read is all as it has it; "" where there is none."""

    id: str = ""
    clean: bool = False


def commit(root: Path, inputs: Iterable[str]) -> Commit:
    """The commit of the repository that a stack stands in.

    It counts as clean when no tracked file of the repository is changed and every input of the stack is tracked. Other
    files do not count: a plan file that is written beside the stack makes the next plan no other.

    Args:
        root: The stack's folder.
        inputs: Files that the stack read, relative to the folder around it.
    """
    if not any((folder / ".git").exists() for folder in (root, *root.parents)):
        return Commit()
    said = _git(root, "status", "--porcelain=v2", "--branch", "--untracked-files=no")
    if said is None:
        return Commit()
    lines = said.splitlines()
    (id, *_) = [line.removeprefix("# branch.oid ") for line in lines if line.startswith("# branch.oid ")] or [""]
    if not id or id == "(initial)":
        return Commit()
    files = [os.path.relpath(root.parent / name, root) for name in inputs]
    strange = _git(root, "ls-files", "--others", "--", *files) if files else ""
    return Commit(id, all(line.startswith("# ") for line in lines) and strange == "")


def _git(root: Path, *words: str) -> str | None:
    """What git says; None where it is not installed, does not answer, or refuses. Nothing is written for it."""
    import subprocess  # most plans stand in no repository

    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *words],
            env={**environ, "GIT_OPTIONAL_LOCKS": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace")
