"""Replies of a Junos device: errors, warnings and data, in either dialect. No I/O.

A reply may hold warnings and ``<ok/>``: that is success. It may hold several errors: all are kept. Elements are told
by their local names, since a device says ``rpc-reply`` or ``nc:rpc-reply`` by how it is set up.
"""

import re
from collections.abc import Iterator

import attrs
from lxml import etree

from haplan.plugin import ProviderError

_HASHED = re.compile(r"\$[0-9]\$[^\s\";<]+")
_CONTROL = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f]"
    rb"|&#(?:x0*(?:[0-8bcBC]|[eE]|1[0-9a-fA-F])|0*(?:[0-8]|1[124-9]|2[0-9]|3[01]));"
)
_BLOCK = re.compile(rb"<(/?)((?:[\w.-]+:)?)(routing-engine|ok)\b[^>]*?(/?)>")
_RESULT = re.compile(rb"<(?:[\w.-]+:)?commit-(?:check-)?success\b")


@attrs.frozen(kw_only=True)
class Complaint:
    """One error or warning of a device.

    Attributes:
        severity: ``error`` or ``warning``.
        message: What it says.
        path: Where in the configuration, such as ``[edit interfaces ge-0/0/1]``, or "".
        bad: The word it does not like, or "".
        tag: Of RFC 6241, such as ``lock-denied``, or "".
        daemon: Who refused, or "".
        node: The node it comes from, or "".
    """

    severity: str
    message: str
    path: str = ""
    bad: str = ""
    tag: str = ""
    daemon: str = ""
    node: str = ""

    def __str__(self) -> str:
        where = f"{self.path} " if self.path else ""
        who = f"{self.node}: " if self.node else ""
        bad = f" ({self.bad})" if self.bad and self.bad not in self.message else ""
        return f"{who}{where}{self.message}{bad}"


@attrs.frozen
class Reply:
    """A reply.

    Attributes:
        element: ``<rpc-reply>``.
        complaints: Errors and warnings, in order.
    """

    element: etree._Element = attrs.field(eq=False, repr=False)
    complaints: tuple[Complaint, ...] = ()

    @property
    def errors(self) -> tuple[Complaint, ...]:
        """What went wrong; a last word that only says so is left out where others say why."""
        found = [one for one in self.complaints if one.severity == "error"]
        told = [one for one in found if "check-out failed" not in one.message]
        return tuple(told or found)

    @property
    def warnings(self) -> tuple[Complaint, ...]:
        """What is no error."""
        return tuple(one for one in self.complaints if one.severity != "error")

    def find(self, name: str) -> etree._Element | None:
        """The first element of a local name."""
        return next(self.all(name), None)

    def all(self, name: str) -> Iterator[etree._Element]:
        """All elements of a local name."""
        return named(self.element, name)


class Refused(ProviderError):
    """A device answered with errors."""

    def __init__(self, what: str, complaints: tuple[Complaint, ...]) -> None:
        self.complaints = complaints
        super().__init__(f"{what}: " + "; ".join(dict.fromkeys(str(one) for one in complaints)))

    def has_tag(self, *tags: str) -> bool:
        """True if one of the errors has one of these tags."""
        return any(one.tag in tags for one in self.complaints)


def local(element: etree._Element) -> str:
    """The name of an element without namespace."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def named(element: etree._Element, name: str) -> Iterator[etree._Element]:
    """All elements of a local name, at any depth."""
    return (one for one in element.iter() if local(one) == name)


def text_of(element: etree._Element, name: str) -> str:
    """The text of the first element of a local name, stripped; "" if there is none."""
    found = next(named(element, name), None)
    return "" if found is None or found.text is None else found.text.strip()


def children(element: etree._Element, name: str) -> list[etree._Element]:
    """The direct children of a local name."""
    return [one for one in element if local(one) == name]


def reply(message: bytes, what: str) -> Reply:
    """Understand a reply.

    Raises:
        ProviderError: It is no XML, and not the one malformed reply that is known.
    """
    element = _parsed(message, what)
    found = tuple(_complaint(one) for one in element.iter() if local(one) in ("rpc-error", "error", "warning"))
    return Reply(element, tuple(one for one in found if one is not None))


def _parsed(message: bytes, what: str) -> etree._Element:
    if b"<!DOCTYPE" in message:  # RFC 6241 section 3 forbids it: its entities could grow without end
        raise ProviderError(f"{what}: the device answered with a document type declaration", lost=True)
    repaired = _repaired(message)
    for candidate in (message, repaired, _readable(repaired)):
        try:
            return etree.fromstring(candidate, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
        except etree.XMLSyntaxError as error:
            broken = error
    raise ProviderError(f"{what}: the device answered with broken XML: {broken.msg}", lost=True)


def _readable(message: bytes) -> bytes:
    """With a mark in place of each character that no XML may hold: a value that has one is another one then, and the
    rest of the reply is read (PyEZ issue 1408)."""
    return _CONTROL.sub(b"?", message)


def _repaired(message: bytes) -> bytes:
    """Close a ``routing-engine`` that holds a commit result before the next one or ``ok``; nothing else.

    Captured on Junos 25.4R1.12, reported on EX and QFX 21.4 to 23.2.
    """
    out, done, open_at, prefix = [], 0, -1, b""
    for found in _BLOCK.finditer(message):
        closing, name, single = found[1], found[3], found[4]
        unclosed = open_at >= 0 and _RESULT.search(message, open_at, found.start())
        if not closing and unclosed:
            out += [message[done : found.start()], b"</" + prefix + b"routing-engine>"]
            done, open_at = found.start(), -1
        if name == b"routing-engine" and not single:
            open_at, prefix = (-1, b"") if closing else (found.end(), found[2])
    return b"".join([*out, message[done:]])


def _complaint(element: etree._Element) -> Complaint | None:
    if local(element) != "rpc-error" and not str(element.tag).startswith("{http://xml.juniper.net/xnm/"):
        return None
    standard = local(element) == "rpc-error"
    severity = text_of(element, "error-severity") if standard else local(element)
    return Complaint(
        severity=severity or "error",
        message=_message(element, "error-message" if standard else "message"),
        path=text_of(element, "error-path" if standard else "edit-path"),
        bad=without_secrets(text_of(element, "bad-element")),
        tag=text_of(element, "error-tag"),
        daemon=text_of(element, "source-daemon"),
        node=_node_of(element),
    )


def _message(element: etree._Element, name: str) -> str:
    return without_secrets(" ".join(text_of(element, name).split()) or "no reason given")


def _node_of(element: etree._Element) -> str:
    for above in element.iterancestors():
        if local(above) in ("routing-engine", "multi-routing-engine-item"):
            return text_of(above, "name" if local(above) == "routing-engine" else "re-name")
    return ""


def without_secrets(text: str) -> str:
    """A text without the secrets that Junos writes scrambled or hashed: ``$9$…`` can be turned back."""
    return _HASHED.sub("(sensitive)", text)
