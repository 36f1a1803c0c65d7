"""The same inputs give the same plan body, byte for byte: who plans, where, when and how fast makes no difference.

What is drawn: a stack, what was applied before, and what moved in the estate since. What differs between two plans:
the order of every mapping and keyword in stack, variables and estate, the clock, the machine, the user, the folder
above the stack's, the working directory, and how many writes may run at once.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import attrs
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from haplan.model.canonical import canonical
from haplan.steps.approve import body
from haplan.testing import Cloud, FakeClock, Project, Stored

VARIABLES = 'm = variable("m", type=dict)\nkey = variable("key", sensitive=True)\n'
GIVEN = {"b": 1, "a": [2, {"d": 3, "c": 4}], "e": {}}


@attrs.frozen
class To:
    """A reference to an earlier thing."""

    index: int
    attribute: str


@attrs.frozen
class Code:
    """A piece of a stack as it is written."""

    text: str


words = st.sampled_from(["x", "y", "zä"])
codes = st.sampled_from([Code("m"), Code("key"), Code('secret("env:PSK")'), Code('f"<{key}>"')])
refs = st.builds(To, st.integers(0, 4), st.sampled_from(["id", "token"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | words | codes | refs,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
    max_leaves=6,
)
things = st.fixed_dictionaries(
    {},
    optional={
        "size": st.integers(1, 3),
        "tags": st.dictionaries(st.sampled_from("abcd"), values, max_size=4),
        "members": st.lists(values, max_size=3),
        "group": st.sampled_from(["g", "h"]) | refs,
        "also": st.lists(st.sampled_from(["thing:t0", "group:g"]), unique=True),
        "zone": words | refs,
        "model": words,
        "note": words,
        "psk": st.just(Code('secret("env:PSK")')),
    },
)
stacks = st.dictionaries(st.integers(0, 4), things, min_size=1, max_size=5).map(lambda made: dict(sorted(made.items())))
changed = st.dictionaries(st.sampled_from(["size", "zone", "tags"]), values)
moves = st.dictionaries(st.integers(0, 4), changed, max_size=3)


def written(stack: Mapping[int, Mapping[str, Any]], order: Random) -> str:
    """A stack as text: keywords and entries in any order, references to things that are there."""
    lines = [VARIABLES]
    for number, attributes in stack.items():
        known = [one for one in stack if one < number]
        keywords = [f"{name}={said(value, known, order)}" for name, value in shuffled(attributes, order)]
        lines.append(f't{number} = Thing("t{number}", {", ".join(keywords)})\n')
    known = list(stack)
    lines.append(f'output("all", {said({"m": Code("m"), "of": [To(one, "id") for one in known]}, known, order)})\n')
    lines.append('output("hidden", {"b": 1, "a": key}, sensitive=True)\n')
    return "".join(lines)


def shuffled(tree: Mapping[Any, Any], order: Random) -> Iterator[tuple[Any, Any]]:
    return iter(order.sample(list(tree.items()), len(tree)))


def said(value: Any, known: Sequence[int], order: Random) -> str:
    if isinstance(value, Code):
        return value.text
    if isinstance(value, To):
        return f"t{known[value.index % len(known)]}.{value.attribute}" if known else '"nobody"'
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name!r}: {said(one, known, order)}" for name, one in shuffled(value, order)) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(said(one, known, order) for one in value) + "]"
    return repr(value)


def plain(value: Any) -> Any:
    """The value as a person at the portal may set it."""
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return "portal" if isinstance(value, To | Code) else value


def reordered(tree: Any, order: Random) -> Any:
    if isinstance(tree, Mapping):
        return {name: reordered(one, order) for name, one in shuffled(tree, order)}
    return [reordered(one, order) for one in tree] if isinstance(tree, list | tuple) else tree


def elsewhere(project: Project, folder: Path, stack: Mapping[int, Mapping[str, Any]], order: Random) -> Project:
    """The same stack, state and estate at another place and time, in another order."""
    shutil.copytree(project.folder, folder)
    cloud = Cloud(name=project.cloud.name, clock=FakeClock(project.cloud.clock.now() + 1e6))
    objects = [attrs.evolve(one, values=reordered(one.values, order)) for one in project.cloud.objects.values()]
    cloud.objects = {one.id: one for one in order.sample(objects, len(objects))}
    cloud.sequences, cloud.atomic = dict(project.cloud.sequences), project.cloud.atomic
    return Project(folder, written(stack, order), cloud=cloud, **project.environ)


def planned(project: Project, order: Random, parallelism: int) -> bytes:
    variables = ("key=hush", f"m={json.dumps(reordered(GIVEN, order))}")
    return canonical(body(project.plan(variables=variables, parallelism=parallelism)))


def without_origin(plan: bytes) -> dict[str, Any]:
    return {name: part for name, part in json.loads(plan).items() if name != "origin"}


def apply(project: Project) -> None:
    variables = ("key=hush", f"m={json.dumps(GIVEN)}")
    project.apply(variables=variables)


QUICK = [Phase.explicit, Phase.reuse, Phase.generate]
"""Without shrinking: each example is an apply and three plans, and a smaller one takes minutes to find."""


@settings(max_examples=25, deadline=None, phases=QUICK)
@given(stacks, stacks, moves, st.integers())
def test_the_same_inputs_give_the_same_bytes(
    before: Mapping[int, Any], wanted: Mapping[int, Any], moved: Mapping[int, Any], seed: int
) -> None:
    order = Random(seed)
    with TemporaryDirectory() as here, TemporaryDirectory() as there:
        one = Project(Path(here) / "stack", written(before, Random(0)), PSK="pw")
        one.cloud.atomic = False  # a value may flow from one part of a document to another
        apply(one)
        for number, values_ in moved.items():
            edited: Stored | None = next((o for o in one.cloud.objects.values() if o.name == f"t{number}"), None)
            if edited is not None:
                one.cloud.edit(edited.name, **plain(values_))
        one.write(written(wanted, Random(0)))
        other = elsewhere(one, Path(there) / "deep" / "down" / "stack", wanted, order)
        first = planned(one, Random(0), 10)
        assert planned(one, order, 1) == first
        with somebody_else(Path(there)):
            elsewhere_ = planned(other, order, 3)
        assert without_origin(elsewhere_) == without_origin(first)  # who made it of what is all that tells them apart


class somebody_else:  # noqa: N801  (reads as a statement: with somebody_else(…))
    """Another person at another machine, in another folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> None:
        self._was = Path.cwd()
        self._patches = [
            patch("socket.gethostname", lambda: "elsewhere"),
            patch.dict(os.environ, {"LOGNAME": "bo", "USER": "bo", "TZ": "Asia/Tokyo", "LANG": "tr_TR.UTF-8"}),
        ]
        for one in self._patches:
            one.start()
        os.chdir(self._folder)

    def __exit__(self, *error: object) -> None:
        os.chdir(self._was)
        for one in self._patches:
            one.stop()


def test_the_seed_of_pythons_hashes_makes_no_difference(tmp_path: Path) -> None:
    stack = {
        number: {
            "tags": {"c": To(0, "id"), "a": {"y": 1, "x": [Code("m")]}, "b": "x"},
            "group": "gh"[number % 2],
            "also": ["thing:t0", "group:g"],
        }
        for number in range(5)
    }
    project = Project(tmp_path / "stack", written(stack, Random(0)), PSK="pw")
    script = (
        "import hashlib\nfrom pathlib import Path\nfrom haplan.testing import Project\n"
        "from haplan.model.canonical import canonical\nfrom haplan.steps.approve import body\n"
        f"made = Project(Path({str(project.folder)!r}), Path('text').read_text(), PSK='pw')\n"
        """plan = made.plan(variables=("key=hush", 'm={"b": 1, "a": 2}'))\n"""
        "print(hashlib.sha256(canonical(body(plan))).hexdigest())\n"
    )
    (tmp_path / "text").write_text(written(stack, Random(0)))
    found = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=tmp_path,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(found) == 1
