"""The page of a plan: whole without script, style and network, and what it says is said by text."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import attrs
import pytest

from haplan.model.finding import Finding
from haplan.model.plan import Action, Change, Impact, Plan
from haplan.report.html import plan_html
from haplan.testing import Project
from tests.mixed import mixed

HOSTILE = '</pre><script>alert(1)</script><img src="//evil.example/x">&amp;\u202e'


class Page(HTMLParser):
    """What stands in a page: its tags with attributes, its text without script and style, and the parts by id."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text, self.raw, self._open = "", dict[str, str](), list[str]()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        last = self._open[-1] if self._open else ""
        if last in ("script", "style"):
            self.raw[last] = self.raw.get(last, "") + data
        else:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [found for name, found in self.tags if name == tag]


def change(at: int, **more: object) -> Change:
    made = Change(
        address=f"cluster.c{at}", type="cluster", name=f"c{at}", provider="mist", action=Action.UPDATE,
        before={"firmware": f"old-{at}"}, after={"firmware": f"new-{at}"}, sites=(f"Site {at}",),
        impact=Impact("config-push", 60),
    )  # fmt: skip
    return attrs.evolve(made, **more)


def plan(*changes: Change, **more: object) -> Plan:
    made = Plan(
        stack="shops", environment="default", command="apply", lineage="l", serial=1, changes=changes,
        identities={"mist": {"kind": "mist organisation", "name": "Acme"}},
    )  # fmt: skip
    return attrs.evolve(made, **more)


def test_every_change_is_text_in_the_page() -> None:
    page = Page(plan_html(plan(*(change(at) for at in mixed(40))), full=True))
    for at in range(40):
        for text in (f"cluster.c{at}", f"old-{at}", f"new-{at}", f"Site {at}"):
            assert text in page.text


def test_it_reaches_for_nothing_and_runs_nothing_but_its_own() -> None:
    page = Page(plan_html(plan(change(1))))
    assert not [found for _, found in page.tags if {"src", "srcset", "action", "style", "onclick"} & found.keys()]
    assert all(str(one["href"]).startswith("#") for one in page.all("a"))
    assert page.all("link") == []
    (policy,) = [one["content"] for one in page.all("meta") if one.get("http-equiv") == "Content-Security-Policy"]
    for tag in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(page.raw[tag].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in str(policy)
    assert "default-src 'none'" in str(policy)
    assert "http" not in re.sub(r"http-equiv", "", plan_html(plan(change(1))))


def test_nothing_that_a_name_holds_is_markup() -> None:
    odd = change(1, address=HOSTILE, name=HOSTILE, after={"note": HOSTILE}, sites=(HOSTILE,))
    warned = Finding(rule="HA001", severity="warning", address=HOSTILE, message=HOSTILE, hint=HOSTILE)
    text = plan_html(plan(odd, stack=HOSTILE, notes=(HOSTILE,), findings=(warned,)))
    page = Page(text)
    assert (len(page.all("script")), page.all("img")) == (1, [])
    assert "alert(1)" in page.text
    assert "\u202e" not in text


@pytest.mark.parametrize(
    "question", ["Plan", "What stops", "Where", "When", "How long", "Way back", "Checked", "To accept", "Reaches"]
)
@pytest.mark.parametrize("made", [plan(), plan(change(1))])
def test_the_first_screen_answers_each_question(question: str, made: Plan) -> None:
    found = re.search(rf"<dt>{question}</dt><dd>([^<]+)", plan_html(made))
    assert found
    assert found[1].strip()


def test_what_is_dangerous_stands_first_and_open() -> None:
    changes = [change(at) for at in mixed(30)]
    changes.insert(17, change(99, action=Action.REPLACE, impact=Impact("outage", 900, False, "both nodes restart")))
    page = plan_html(plan(*changes), full=True)
    first = page[page.index('<section id="changes"') :]
    assert "cluster.c99" in first[: first.index("</details>")]
    assert "<details open>" in first[: first.index("</summary>")]
    head = page[: page.index("<nav")]
    assert "outage: 1 cluster replaced, both nodes restart, at Site 99" in head
    assert "none that is quick for cluster.c99" in head


def test_equal_changes_are_written_once_with_their_sites() -> None:
    alike = [change(at, before={"mtu": 1500}, after={"mtu": 1400}) for at in mixed(50)]
    page = plan_html(plan(*alike))
    assert page.count("1400") == 1
    assert "50 × cluster" in page


def test_every_part_has_a_heading_that_names_it() -> None:
    page = Page(plan_html(plan(change(1))))
    named = {one.get("aria-labelledby") for one in page.all("section")}
    assert named == {one.get("id") for one in page.all("h2")}
    assert {str(one["href"])[1:] for one in page.all("a")} == {one["id"] for one in page.all("section")}
    assert page.all("html") == [{"lang": "en"}]


def test_the_page_of_a_large_plan_is_small() -> None:
    page = plan_html(plan(*(change(at) for at in mixed(2000))), full=True)
    assert len(page) < 2000 * 300


def test_a_plan_of_an_example_is_a_page(tmp_path: Path) -> None:
    made = Project(tmp_path, 'a = Thing("a", size=1)\nThing("b", tags={"of": a.id})\noutput("x", a.id)')
    page = Page(plan_html(made.plan()))
    for text in ("2 to create", "mem_thing.a", "Stages", "Outputs"):
        assert text in page.text
