"""Loads and reads: what each action and mark does, and what is refused."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from haplan_srx.lab.config import loading, setlines, text, tree
from haplan_srx.lab.config.compare import compare
from tests.srx_lab.conftest import Bench, load, texts

Say = Callable[[str], Any]


@pytest.fixture
def say(bench: Bench) -> Say:
    return bench.talk()


def xml(body: str, action: str = "merge", **marks: str) -> str:
    said = "".join(f' {name}="{value}"' for name, value in marks.items())
    return f'<load-configuration action="{action}"{said}><configuration>{body}</configuration></load-configuration>'


def lines(say: Say, path: str = "") -> list[str]:
    """The candidate as set lines below a path."""
    reply = say('<get-configuration format="set"/>')
    return [line for line in reply.findtext("configuration-set").splitlines() if line.startswith(f"set {path}".strip())]


def told(reply: etree._Element) -> list[tuple[str, str]]:
    """Severity and message of every rpc-error."""
    return [
        (one.findtext("error-severity"), (one.findtext("error-message") or "").strip())
        for one in reply.iter("rpc-error")
    ]  # fmt: skip


POLICIES = """
set security policies from-zone a to-zone b policy p1 then permit
set security policies from-zone a to-zone b policy p2 then permit
set security policies from-zone a to-zone b policy p3 then permit
"""


def order(say: Say) -> list[str]:
    found = [line.split()[8] for line in lines(say, "security policies from-zone a to-zone b policy")]
    return list(dict.fromkeys(found))


# --- Marks ------------------------------------------------------------------------------------------------------------


def test_merge_adds_and_leaves_the_rest(say: Say) -> None:
    say(load("set system services ssh root-login deny"))
    say(xml("<system><services><ssh><protocol-version>v2</protocol-version></ssh></services></system>"))
    assert lines(say, "system services ssh") == [
        "set system services ssh root-login deny", "set system services ssh protocol-version v2",
    ]  # fmt: skip


def test_what_is_marked_delete_goes(say: Say) -> None:
    say(load("set interfaces ge-0/0/3 unit 0 family inet address 192.0.2.1/24\nset interfaces ge-0/0/4 mtu 1500"))
    say(xml('<interfaces><interface delete="delete"><name>ge-0/0/3</name></interface></interfaces>'))
    assert lines(say, "interfaces ge-") == ["set interfaces ge-0/0/4 mtu 1500"]


def test_deleting_what_is_not_there_is_a_warning_beside_ok_and_makes_nothing(say: Say) -> None:
    before = lines(say)
    unit = '<unit delete="delete"><name>0</name></unit>'
    reply = say(xml(f"<interfaces><interface><name>ge-0/0/3</name>{unit}</interface></interfaces>"))
    assert told(reply) == [("warning", "statement not found")]
    assert reply.find("load-configuration-results/ok") is not None
    assert lines(say) == before


def test_replace_exchanges_what_is_marked_and_keeps_its_place(say: Say) -> None:
    say(load(POLICIES + "set security policies from-zone a to-zone b policy p1 description old"))
    body = """<security><policies><policy><from-zone-name>a</from-zone-name><to-zone-name>b</to-zone-name>
        <policy replace="replace"><name>p1</name><then><deny/></then></policy></policy></policies></security>"""
    assert told(say(xml(body, "replace"))) == []
    assert order(say) == ["p1", "p2", "p3"]
    assert lines(say, "security policies from-zone a to-zone b policy p1") == [
        "set security policies from-zone a to-zone b policy p1 then deny"
    ]


def test_replace_marks_do_not_count_in_a_merge(say: Say) -> None:
    say(load("set system services ssh root-login deny"))
    say(xml('<system><services><ssh replace="replace"><port>2222</port></ssh></services></system>'))
    assert "set system services ssh root-login deny" in lines(say)


def test_override_discards_everything_else(say: Say) -> None:
    say(xml("<system><host-name>alone</host-name></system>", "override"))
    assert lines(say) == ["set system host-name alone"]


def test_update_makes_the_candidate_what_was_given(say: Say) -> None:
    say(xml("<system><host-name>alone</host-name></system>", "update"))
    assert lines(say) == ["set system host-name alone"]


@pytest.mark.parametrize(
    ("mark", "result"),
    [
        ('insert="first"', ["p3", "p1", "p2"]),
        ('insert="before" name="p2"', ["p1", "p3", "p2"]),
        ('insert="after" name="p1"', ["p1", "p3", "p2"]),
    ],
)
def test_insert_moves_an_entry(say: Say, mark: str, result: list[str]) -> None:
    say(load(POLICIES))
    body = f"""<security><policies><policy><from-zone-name>a</from-zone-name><to-zone-name>b</to-zone-name>
        <policy {mark}><name>p3</name></policy></policy></policies></security>"""
    assert told(say(xml(body))) == []
    assert order(say) == result


def test_insert_beside_what_is_not_there_is_refused(say: Say) -> None:
    say(load(POLICIES))
    reply = say(load("insert security policies from-zone a to-zone b policy p3 before policy p9"))
    assert told(reply) == [("error", "statement 'p9' not found")]
    assert order(say) == ["p1", "p2", "p3"]


def test_rename_keeps_contents_and_place(say: Say) -> None:
    say(load(POLICIES))
    say(load("rename security policies from-zone a to-zone b policy p2 to policy other"))
    assert order(say) == ["p1", "other", "p3"]


def test_what_is_deactivated_stays_and_says_so(say: Say) -> None:
    say(load("set interfaces ge-0/0/3 mtu 1500\ndeactivate interfaces ge-0/0/3"))
    assert lines(say, "interfaces ge-0/0/3") == ["set interfaces ge-0/0/3 mtu 1500"]
    named = "<interfaces><interface><name>ge-0/0/3</name></interface></interfaces>"
    reply = say(f"<get-configuration><configuration>{named}</configuration></get-configuration>")
    assert reply.find("configuration/interfaces/interface").get("inactive") == "inactive"
    say(load("activate interfaces ge-0/0/3"))
    assert "inactive" not in etree.tostring(say("<get-configuration/>")).decode()


def test_one_branch_of_a_choice_takes_the_place_of_another(say: Say) -> None:
    say(load(POLICIES + "set security policies from-zone a to-zone b policy p1 then deny"))
    assert lines(say, "security policies from-zone a to-zone b policy p1") == [
        "set security policies from-zone a to-zone b policy p1 then deny"
    ]


def test_a_container_goes_with_its_last_statement(say: Say) -> None:
    say(load("set chassis cluster reth-count 2"))
    say(load("delete chassis cluster reth-count"))
    assert lines(say, "chassis") == []


# --- Errors -----------------------------------------------------------------------------------------------------------


def test_what_is_wrong_is_told_and_the_rest_is_taken(say: Say) -> None:
    reply = say(xml("<system><host-name>new</host-name><bogus>1</bogus></system><nonsense/>"))
    assert told(reply) == [("error", "syntax error"), ("error", "syntax error")]
    assert texts(reply, ".//bad-element") == ["bogus", "nonsense"]
    assert reply.findtext(".//load-error-count") == "2"
    assert reply.find(".//ok") is None
    assert "set system host-name new" in lines(say)


@pytest.mark.parametrize(
    ("line", "message", "bad"),
    [
        ("set chassis cluster redundancy-group 1 node 0 priority 255", "Value 255 is not within range (1..254)", "255"),
        ("set chassis cluster redundancy-group 1 node 2 priority 1", "syntax error", "2"),
        ("set interfaces ge-0/0/3 unit 0 family inet address 300.1.1.1/24", "invalid prefix '300.1.1.1/24'", None),
        ("set security policies default-policy maybe", "syntax error", "maybe"),
        ("set system host-name", "missing argument.", "host-name"),
        ("sett system", "unknown command.", "sett"),
        ("set system bogus", "syntax error", "bogus"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_refused_with_the_word_that_is_wrong(
    say: Say, line: str, message: str, bad: str | None
) -> None:
    reply = say(load(line))
    assert told(reply) == [("error", message)]
    assert bad is None or texts(reply, ".//bad-element") == [bad]


def test_undocumented_is_not_taken_back(say: Say) -> None:
    assert told(say(xml("<system><undocumented><x/></undocumented></system>"))) == [("error", "syntax error")]


@pytest.mark.parametrize(
    "operation",
    [
        '<load-configuration format="json"><configuration-json>{}</configuration-json></load-configuration>',
        '<load-configuration action="patch"><configuration-patch/></load-configuration>',
        '<load-configuration url="ftp://x/y"/>',
        '<get-configuration format="json"/>',
        "<open-configuration><ephemeral/></open-configuration>",
        "<commit-configuration><at-time>10:00</at-time></commit-configuration>",
        "<get-bgp-summary-information/>",
        "<request-shell-execute><command>ls</command></request-shell-execute>",
        "<command>show bgp summary</command>",
    ],
)  # fmt: skip
def test_what_is_not_simulated_is_refused_not_imitated(say: Say, operation: str) -> None:
    assert [severity for severity, _ in told(say(operation))] == ["error"]


def test_the_candidate_is_copied_from_what_runs_or_what_is_given(say: Say) -> None:
    host = "<system><host-name>hugo</host-name></system>"
    given = f"<source><config><configuration>{host}</configuration></config></source>"
    assert told(say(f"<copy-config><target><candidate/></target>{given}</copy-config>")) == []
    assert [one.text for one in say("<get-config><source><candidate/></source></get-config>").iter("host-name")] == [
        "hugo"
    ]
    running = "<source><running/></source>"
    assert told(say(f"<copy-config><target><candidate/></target>{running}</copy-config>")) == []
    names = [one.text for one in say("<get/>").iter("host-name")]
    assert names
    assert [
        one.text for one in say("<get-config><source><candidate/></source></get-config>").iter("host-name")
    ] == names
    (refused,) = told(say(f"<copy-config><target><running/></target>{given}</copy-config>"))
    assert refused[0] == "error"


# --- edit-config ------------------------------------------------------------------------------------------------------


def edit(body: str, default: str = "merge") -> str:
    return (
        f"<edit-config><target><candidate/></target><default-operation>{default}</default-operation>"
        f"<config><configuration>{body}</configuration></config></edit-config>"
    )


def test_operations_of_edit_config(say: Say) -> None:
    assert say(edit("<system><host-name>a</host-name></system>")).find("ok") is not None
    reply = say(edit('<system><host-name operation="create">b</host-name></system>'))
    assert texts(reply, ".//error-tag") == ["data-exists"]
    reply = say(edit('<system><domain-name operation="delete"/></system>'))
    assert texts(reply, ".//error-tag") == ["data-missing"]
    assert say(edit('<system><domain-name operation="remove"/></system>')).find("ok") is not None
    say(edit('<system><services operation="replace"><ssh/></services></system>'))
    assert lines(say, "system services") == ["set system services ssh"]
    say(edit("<system><host-name>b</host-name></system>", "replace"))
    assert lines(say) == ["set system host-name b"]


def test_running_is_not_written(say: Say) -> None:
    reply = say("<edit-config><target><running/></target><config><configuration/></config></edit-config>")
    assert texts(reply, ".//error-tag") == ["operation-not-supported"]


# --- Reading ----------------------------------------------------------------------------------------------------------


FILTERS = [
    ("<system><host-name/></system>", ["set system host-name left"]),
    ("<interfaces><interface><name>fxp0</name><unit/></interface></interfaces>", None),
    ("<interfaces><interface><name>ge-9/9/9</name></interface></interfaces>", []),
    ("<security/>", []),
    ("<groups><name>node1</name></groups>", None),
]


@pytest.mark.parametrize(("wanted", "result"), FILTERS)
def test_a_filter_chooses_statements_and_entries(say: Say, wanted: str, result: list[str] | None) -> None:
    reply = say(f'<get-configuration format="set"><configuration>{wanted}</configuration></get-configuration>')
    found = [line for line in (reply.findtext("configuration-set") or "").splitlines() if line]
    if result is None:
        name = etree.fromstring(wanted).findtext(".//name")
        assert found
        assert all(f" {name} " in line for line in found)
    else:
        assert found == result


def test_committed_is_not_the_candidate(say: Say) -> None:
    say(load("set system host-name other"))
    assert say('<get-configuration database="committed"/>').findtext("configuration/system/host-name") == "left"
    assert say("<get-configuration/>").findtext("configuration/system/host-name") == "other"
    read = "<get-config><source><{}/></source></get-config>"
    assert say(read.format("running")).findtext("data/configuration/system/host-name") == "left"
    assert say(read.format("candidate")).findtext("data/configuration/system/host-name") == "other"


def test_inheritance_puts_groups_in_place_and_the_configuration_wins(bench: Bench) -> None:
    bench.form()
    say = bench.talk()
    say(load("delete system host-name\nset groups node0 system host-name zero\nset groups node1 system host-name one"))
    reply = say('<get-configuration inherit="inherit"/>')
    assert reply.findtext("configuration/system/host-name") == "zero"
    assert reply.find("configuration/groups") is None
    assert "junos:group" not in etree.tostring(reply, encoding="unicode")
    told = say('<get-configuration inherit="inherit" groups="groups"/>')
    marked = [(etree.QName(one).localname, value) for one in told.iter(etree.Element)
              for name, value in one.attrib.items() if etree.QName(name).localname == "group"]  # fmt: skip
    assert ("host-name", "node0") in marked
    assert {group for _, group in marked} == {"node0"}
    say(load("set system host-name mine"))
    assert texts(say('<get-configuration inherit="inherit"/>'), "configuration/system/host-name") == ["mine"]


# --- Laws -------------------------------------------------------------------------------------------------------------

ZONE, NUMBER = st.sampled_from("abc"), st.integers(0, 9)
NAME = st.sampled_from(["x", "two words", r"quo\"te", "$v", "a;b"])
POLICY = "set security policies from-zone {} to-zone {} policy p{}"
LINES = st.one_of(
    st.builds("set interfaces ge-0/0/{} unit {} family inet address 192.0.2.{}/24".format, NUMBER, NUMBER, NUMBER),
    st.builds('set interfaces ge-0/0/{} description "{}"'.format, NUMBER, NAME),
    st.builds(f"{POLICY} then permit".format, ZONE, ZONE, NUMBER),
    st.builds(f"{POLICY} match source-address s{{}}".format, ZONE, ZONE, NUMBER, NUMBER),
    st.builds("set security zones security-zone {} interfaces ge-0/0/{}.0".format, ZONE, NUMBER),
    st.builds("set chassis cluster redundancy-group {} node 0 priority {}".format, NUMBER, st.integers(1, 254)),
    st.builds("set routing-options static route 10.{}.0.0/16 next-hop [ 192.0.2.{} 192.0.2.7 ]".format, NUMBER, NUMBER),
    st.builds("set applications application a{} protocol udp destination-port {}".format, NUMBER, NUMBER),
    st.builds("set groups node{} system host-name n{}".format, st.integers(0, 1), NUMBER),
    st.builds("deactivate interfaces ge-0/0/{}".format, NUMBER),
)


def config_of(some: list[str]) -> etree._Element:
    made = tree.empty()
    setlines.load(made, "\n".join(some))
    return made


def same(one: etree._Element, other: etree._Element) -> bool:
    return bool(etree.tostring(one) == etree.tostring(other))


@settings(max_examples=60, deadline=None)
@given(st.lists(LINES, max_size=12))
def test_set_lines_and_text_say_the_same_configuration(some: list[str]) -> None:
    config = config_of(some)
    assert same(config_of(list(setlines.lines(config))), config)
    parsed, troubles = text.parse(text.write(config))
    read = tree.empty()
    loader = loading.Loader()
    loader.apply(read, parsed)
    assert troubles + loader.troubles == []
    assert same(read, config)


@settings(max_examples=60, deadline=None)
@given(st.lists(LINES, max_size=8), st.lists(LINES, max_size=8))
def test_compare_is_silent_only_where_no_statement_differs(some: list[str], others: list[str]) -> None:
    one, other = config_of(some), config_of(others)
    assert compare(one, one) == "\n"
    lines_of = [set(setlines.lines(config)) for config in (one, other)]
    assert compare(one, other) != "\n" or lines_of[0] == lines_of[1]
