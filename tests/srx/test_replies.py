"""Replies of devices: either dialect, warnings, several errors, and the one malformed reply that is known."""

import pytest

from haplan.errors import ProviderError
from haplan_srx.device import operational
from haplan_srx.device.replies import reply, without_secrets

PLAIN = '<rpc-reply xmlns="urn:ietf:params:xml:ns:netconf:base:1.0" xmlns:junos="http://xml.juniper.net/junos/24.4R1/junos">{}</rpc-reply>'
PREFIXED = (
    '<nc:rpc-reply xmlns:nc="urn:ietf:params:xml:ns:netconf:base:1.0" xmlns:junos="http://x/junos">{}</nc:rpc-reply>'
)
ERROR = """<rpc-error><error-type>protocol</error-type><error-tag>operation-failed</error-tag>
<error-severity>{severity}</error-severity><error-path>[edit interfaces ge-0/0/1]</error-path>
<error-message>{message}</error-message><error-info><bad-element>{bad}</bad-element></error-info></rpc-error>"""
XNM = """<xnm:error xmlns="http://xml.juniper.net/xnm/1.1/xnm" xmlns:xnm="http://xml.juniper.net/xnm/1.1/xnm">
<parse/><source-daemon>jsrpd</source-daemon><message>error: Chassis cluster is not enabled</message></xnm:error>"""
VALIDATE = b"""<nc:rpc-reply xmlns:nc="urn:ietf:params:xml:ns:netconf:base:1.0" xmlns:junos="http://x/junos">
<routing-engine junos:style="show-name">
<name>node1</name>
<commit-check-success/>
<nc:ok/>
</nc:rpc-reply>"""


def error(message: str = "syntax error", severity: str = "error", bad: str = "") -> str:
    return ERROR.format(message=message, severity=severity, bad=bad)


@pytest.mark.parametrize("dialect", [PLAIN, PREFIXED])
def test_a_warning_beside_ok_is_success(dialect: str) -> None:
    prefix = "nc:" if dialect is PREFIXED else ""
    text = error("uncommitted changes will be discarded on exit", "warning") + f"<{prefix}ok/>"
    found = reply(dialect.format(text).encode(), "here")
    assert found.errors == ()
    assert [str(one) for one in found.warnings] == [
        "[edit interfaces ge-0/0/1] uncommitted changes will be discarded on exit"
    ]


def test_several_errors_are_all_kept_and_the_last_word_that_only_says_so_is_not() -> None:
    text = error("no such zone", bad="guest") + error("no such address") + error("configuration check-out failed")
    found = reply(PLAIN.format(f"<commit-results>{text}</commit-results>").encode(), "here")
    assert [one.message for one in found.errors] == ["no such zone", "no such address"]
    assert str(found.errors[0]) == "[edit interfaces ge-0/0/1] no such zone (guest)"


def test_an_error_of_a_daemon_is_one_too() -> None:
    (found,) = reply(PLAIN.format(XNM).encode(), "here").errors
    assert (found.message, found.daemon) == ("error: Chassis cluster is not enabled", "jsrpd")


def test_an_error_says_which_node_it_comes_from() -> None:
    text = (
        f"<commit-results><routing-engine><name>node1</name>{error('out of memory')}</routing-engine></commit-results>"
    )
    assert str(reply(PLAIN.format(text).encode(), "here").errors[0]) == (
        "node1: [edit interfaces ge-0/0/1] out of memory"
    )


def test_the_known_malformed_reply_is_understood() -> None:
    found = reply(VALIDATE, "here")
    assert found.errors == ()
    assert [one.tag for one in found.all("commit-check-success")] == ["commit-check-success"]


def test_two_unclosed_nodes_are_two() -> None:
    text = VALIDATE.replace(b"<nc:ok/>", b"<routing-engine><name>node0</name><commit-check-success/><nc:ok/>")
    assert len(list(reply(text, "here").all("routing-engine"))) == 2


@pytest.mark.parametrize("broken", [
    VALIDATE.replace(b"<commit-check-success/>", b""),
    VALIDATE.replace(b"routing-engine", b"something"),
    b"<rpc-reply><configuration></rpc-reply>",
])  # fmt: skip
def test_nothing_else_is_repaired(broken: bytes) -> None:
    with pytest.raises(ProviderError, match="here: the device answered with broken XML"):
        reply(broken, "here")


def test_secrets_that_junos_scrambles_are_not_shown() -> None:
    text = 'pre-shared-key ascii-text "$9$abc/DEF.x-y"; ## SECRET-DATA encrypted-password "$6$salt$hash"'
    assert without_secrets(text) == (
        'pre-shared-key ascii-text "(sensitive)"; ## SECRET-DATA encrypted-password "(sensitive)"'
    )
    (found,) = reply(PLAIN.format(error("bad value $9$abc", bad="$9$abc")).encode(), "here").errors
    assert "$9$" not in str(found)


def test_a_reply_that_declares_entities_is_refused() -> None:
    text = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><rpc-reply><a>&e;</a></rpc-reply>'
    with pytest.raises(ProviderError, match="here: the device answered with a document type declaration"):
        reply(text, "here")


@pytest.mark.parametrize(("said", "why"), [
    ("<ping-success/>", ""),
    ("<probe-results-summary><responses-received>1</responses-received></probe-results-summary>", ""),
    ("<probe-results-summary><responses-received>0</responses-received></probe-results-summary>", "no answer"),
    ("<ping-failure>no response</ping-failure>", "no response"),
    ("<ping-error-message>no route to host</ping-error-message>", "no route to host"),
    ("", "no answer"),
])  # fmt: skip
def test_one_answer_to_a_ping_is_enough_and_none_says_why(said: str, why: str) -> None:
    text = PLAIN.format(
        f'<ping-results xmlns="http://x/probes">\n<target-ip>192.0.2.1</target-ip>{said}</ping-results>'
    )
    assert operational.unanswered(reply(text.encode(), "here")) == why


def test_a_ping_that_is_refused_was_not_answered() -> None:
    refused = reply(PLAIN.format(error("unknown host")).encode(), "here")
    assert "unknown host" in operational.unanswered(refused)


def test_a_control_character_costs_the_value_that_has_it_and_not_the_reply() -> None:
    found = reply(b"<rpc-reply><name>a\x07b</name><other>&#x1b;c</other><third>whole&#10;</third></rpc-reply>", "x")
    assert [one.text for one in found.element] == ["a?b", "?c", "whole\n"]
