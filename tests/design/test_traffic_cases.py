"""Thirty worked cases of who reaches what, by which path, and what becomes of that when one thing fails.

They stand as data in the reference: each is built as it says, on SRX and on a conductor, and on SSR in the cloud for
what the two readings of a list are. A failure that a case doesn't list is not looked at here.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import attrs
import pytest

from haplan.design.traffic import Picture, traffic
from haplan.design.traffic.answer import Alike, likes
from haplan.design.traffic.failures import Failure, by_name, failures
from haplan.model.stack import Stack
from haplan.plugin import Answer
from tests.design.traffic_owners import STACKS, WORKED, changed, seen, small

REFERENCE = Path(__file__).parents[2] / "../shared/reference/traffic.md"


@cache
def cases() -> Mapping[str, Mapping[str, Any]]:
    """The cases by name; none where the reference is not part of a clone."""
    yaml = pytest.importorskip("yaml")
    text = REFERENCE.read_text()
    return {str(case["id"]): case for case in yaml.safe_load(text.split("```yaml\n")[1].split("```")[0])}


def each() -> Iterator[Any]:
    if not REFERENCE.exists():
        yield pytest.param("", "", marks=pytest.mark.skip(reason="the reference is not part of a clone"))
        return
    for name, case in cases().items():
        refused = case.get("refused", ())
        for backend in ("srx", "ssr", "mist-ssr"):
            if backend not in refused and backend.removeprefix("mist-") in case.get("only", ("srx", "ssr")):
                yield pytest.param(name, backend)


Build = Callable[[Mapping[str, Any], str, str], Picture]


@pytest.fixture
def build(stack: Callable[[str], Stack], load_folder: Callable[[Path], Stack]) -> Build:
    """The picture of a case on a backend, without one of its policies."""

    def built(case: Mapping[str, Any], backend: str, without: str = "") -> Picture:
        if case["owner"] == "S":
            return seen(stack(small(case, backend, without)), backend)
        return seen(load_folder(STACKS / WORKED[backend]), backend, changed(case, backend))

    return built


@attrs.frozen
class Packet:
    """One packet of a case, and where it starts."""

    alike: Alike
    network: str
    address: str
    protocol: str
    port: int

    def answer(self, reading: str) -> Answer:
        cell = self.alike.universe.cell_at(self.alike.first, self.address, self.protocol, self.port)
        return self.alike._answer(self.network, cell, reading, self.failing(2))

    def chosen(self, reading: Any) -> str:
        cell = self.alike.universe.cell_at(self.alike.first, self.address, self.protocol, self.port)
        return self.alike.decisions.chosen(self.network, cell, reading).words

    def failing(self, at_once: int) -> tuple[Failure, ...]:
        return failures(self.alike.picture, self.alike.first, at_once)


def packet(case: Mapping[str, Any], picture: Picture) -> Packet:
    found = re.fullmatch(r"(\S+) > (\S+) (\w+)/(\d+)", case["flow"])
    assert found is not None
    at = f"cluster.{case.get('from_site', 'spoke1' if case['owner'] == 'W' else 's')}"
    alike = next(one for one in likes(picture) if any(edge.address == at for edge in one.edges))
    return Packet(alike, found[1], found[2], found[3], int(found[4]))


def of(said: Any, reading: str, family: str) -> Any:
    """What a case says for a reading or a family."""
    if isinstance(said, Mapping):
        return said.get(reading, said.get(family))
    return said


@pytest.mark.parametrize(("name", "backend"), list(each()))
def test_a_worked_case_holds(name: str, backend: str, build: Build) -> None:
    case = cases()[name]
    one = packet(case, build(case, backend, ""))
    family = backend.removeprefix("mist-")
    assert one.chosen("order") == case["order"]
    assert one.chosen("narrow") == case["narrow"]
    for reading in one.alike.first.readings:
        answer = one.answer(reading)
        assert path_of(answer) == expected(name, case, backend, reading)
        if "arrives" in case:
            assert answer.into == ()
        fail = case.get("fail_narrow" if reading == "narrow" and "fail_narrow" in case else "fail", {})
        if "fail_narrow" not in case and isinstance(case["path"], Mapping) and reading == "narrow":
            fail = {}
        for failure, said in fail.items():
            if backend == "mist-ssr" and failure.endswith(".dead"):
                continue  # the cloud may probe
            assert failure_of(answer, failure) == of(said, reading, family), failure


CLOUD = {("T11", "order"): "wan1", ("T26", "order"): "unknown", ("T26", "narrow"): "unknown"}
"""What an SSR in the cloud does where a case speaks of others: T11 by the zones of an SRX; T26 says unknown of it."""


def expected(name: str, case: Mapping[str, Any], backend: str, reading: str) -> str:
    family = backend.removeprefix("mist-")
    if backend == "mist-ssr" and (name, reading) in CLOUD:
        return CLOUD[name, reading]
    said = str(of(case.get("device"), reading, family) or of(case["path"], reading, family))
    return said.partition(" (")[0] if said.startswith("stops") else said


def path_of(answer: Answer) -> str:
    """As the cases write it."""
    if answer.kind == "stops":
        return f"stops: {answer.why.partition(': ')[0]}"
    if answer.policy == "no-dns":  # what becomes of it on the device
        return f"allowed by {answer.decides}, over {answer.words}" if answer.kind == "way" else "denied"
    return answer.words


def failure_of(answer: Answer, name: str) -> str:
    """What becomes of it, as the cases write it."""
    found = answer.outcome(name.replace("lan0", "lan.node0"))
    why = f" ({found.why})" if found.words.startswith("to ") and found.why else ""
    return found.words + why


def needs_reference() -> None:
    if not REFERENCE.exists():
        pytest.skip("the reference is not part of a clone")


@pytest.mark.parametrize(
    ("name", "failure", "srx", "ssr"),
    [
        ("T02", "node0 and wan1", "stops", "stops"),
        ("T19", "wan0 and node1", "stops", "stops"),
        ("T01", "wan0 and h1.wan1", "stops", "stops"),
        ("T30", "wan0 and h1.wan1", None, "only wan1>h1-wan0"),
        ("T27", "lan0 and fabric", "same", "same"),
        ("T29", "wan0 and node1", "stops", "stops"),
    ],
)
def test_two_failures_at_once_are_worked_out(
    name: str, failure: str, srx: str | None, ssr: str | None, build: Build
) -> None:
    needs_reference()
    case = cases()[name]
    for backend, said in (("srx", srx), ("ssr", ssr)):
        if said is not None:
            one = packet(case, build(case, backend, ""))
            assert both(one, failure, one.alike.first.readings[0]) == said


def both(one: Packet, failure: str, reading: str) -> str:
    """Two failures by name, in either order."""
    first, second = (word.replace("lan0", "lan.node0") for word in failure.split(" and "))
    answer = one.answer(reading)
    names = {failed.name for failed in one.failing(2)}
    name = f"{first} and {second}"
    return answer.outcome(name if name in names else f"{second} and {first}").words


def test_a_dhcp_path_falls_to_the_route_only_where_a_policy_lets_it(build: Build) -> None:
    needs_reference()
    case = cases()["T24"]
    for backend in ("srx", "ssr"):
        one = packet(case, build(case, backend, "out"))
        assert one.answer(one.alike.first.readings[0]).outcome("wan0").words == case["without_out"]["wan0"][backend]


def test_whether_a_disabled_path_is_used_by_an_srx_in_the_cloud_is_unknown(build: Build) -> None:
    needs_reference()
    case = cases()["T21"]
    answer = packet(case, build(case, "mist-srx", "")).answer("order")
    assert answer.outcome("wan0").words == case["mist_srx"]["wan0"]
    assert answer.words == case["path"]


def test_pieces_are_said_in_the_shortest_words(build: Build) -> None:
    needs_reference()
    case = cases()["T09"]
    found = traffic(build(case, "srx", "")).groups[0].streams
    assert {one.answers[0].policy: one.to for one in found if one.network == "corp"} == {
        **case["pieces"], "-": "anything else"
    }  # fmt: skip


def test_equal_sites_are_one_group(build: Build) -> None:
    needs_reference()
    for backend in ("srx", "ssr", "mist-ssr"):
        sites = [one.sites for one in traffic(build(cases()["T01"], backend, "")).groups]
        assert sites == [("h1-site",), ("h2-site",), ("spoke1-site", "spoke2-site")]


def test_no_failure_is_named_twice(build: Build) -> None:
    needs_reference()
    one = packet(cases()["T01"], build(cases()["T01"], "srx", ""))
    assert len(by_name(one.failing(1))) == len(one.failing(1))


@pytest.mark.parametrize(
    ("name", "backend", "rule", "says"),
    [
        ("T10", "mist-srx", "HA107", "lab can never match; ten comes first"),
        ("T10", "mist-ssr", "HA114", "put lab above ten, or take what lab is for out of ten"),
        ("T10", "ssr", "", ""),
        ("T11", "mist-ssr", "HA114", "put not-ten above out, or take what not-ten is for out of out"),
        ("T13", "mist-ssr", "HA114", "put host above web, or take what host is for out of web"),
        ("T15", "mist-ssr", "HA114", "narrow one of those that are for the same destination"),
        ("T16", "mist-ssr", "HA107", "ten can never match; low and high come first and take all of it"),
        ("T16", "mist-srx", "HA107", "ten can never match; low and high come first and take all of it"),
        ("T17", "srx", "HA096", "no-dns denies udp/53 to 8.8.8.8 only towards wan0: out lets guest out by wan1"),
        ("T17", "mist-ssr", "", ""),
        ("T09", "mist-ssr", "", ""),
    ],
)
def test_what_a_case_warns_of_is_found_where_its_family_reads_it_so(
    name: str, backend: str, rule: str, says: str, stack: Callable[[str], Stack], findings: Any
) -> None:
    needs_reference()
    found = [one for one in findings(stack(small(cases()[name], backend))) if one.rule in ("HA107", "HA114", "HA096")]
    assert [one.rule for one in found] == ([rule] if rule else [])
    assert all(says in (one.message, one.hint) for one in found)
