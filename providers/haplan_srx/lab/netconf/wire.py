"""What goes over the wire: requests taken apart, replies put together in the dialect of the box.

Shapes follow captures of Junos 24.4R1.9. Without `rfc-compliant` all stands in the namespace of the reply; with it
protocol elements carry the prefix `nc:`, and a configuration the namespaces of the YANG models.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

import attrs
from lxml import etree

from haplan.plugin import Tree
from haplan_srx.lab.config.tree import Element, Trouble, tag_of
from haplan_srx.lab.estate import Tx

BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
XNM = "http://xml.juniper.net/xnm/1.1/xnm"
YANG = "http://yang.juniper.net/junos-es/conf/"

CAPABILITIES = (
    *(
        f"urn:ietf:params:{space}:capability:{name}" if name else f"urn:ietf:params:{space}:base:1.0{module}"
        for space, module in (("netconf", ""), ("xml:ns:netconf", "?module=ietf-netconf&revision=2011-06-01"))
        for name in ("", "candidate:1.0", "confirmed-commit:1.0", "validate:1.0", "url:1.0?scheme=http,ftp,file")
    ),
    "urn:ietf:params:xml:ns:yang:ietf-inet-types?module=ietf-inet-types&revision=2013-07-15",
    "urn:ietf:params:xml:ns:yang:ietf-yang-metadata?module=ietf-yang-metadata&revision=2016-08-05",
    "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring",
    "http://xml.juniper.net/netconf/junos/1.0",
    "http://xml.juniper.net/dmi/system/1.0",
    "http://yang.juniper.net/junos/jcmd?module=junos-configuration-metadata&revision=2021-09-01",
)
BASE_1_1 = "urn:ietf:params:netconf:base:1.1"

PARSER = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)


class Refused(Exception):
    """The box does not do what it was asked; nothing was changed by it."""

    def __init__(self, *troubles: Trouble) -> None:
        super().__init__(troubles[0].message)
        self.troubles = troubles


class Hangup(Exception):
    """The session ends without an answer; what was done stays."""


@attrs.frozen
class Voice:
    """How a box speaks.

    Attributes:
        rfc: `rfc-compliant` is set.
        version: Its release, which is in its namespaces.
    """

    rfc: bool
    version: str

    @property
    def ok(self) -> str:
        return f"<{self._nc}ok/>\n"

    @property
    def _nc(self) -> str:
        return "nc:" if self.rfc else ""

    def trouble(self, one: Trouble) -> str:
        """One `rpc-error`, or warning of the same shape."""
        nc = self._nc
        parts = [f"<{nc}rpc-error>"]
        if not one.warning:
            kind = "application" if one.tag == "missing-element" else "protocol"
            parts += [f"<{nc}error-type>{kind}</{nc}error-type>", f"<{nc}error-tag>{one.tag}</{nc}error-tag>"]
        parts.append(f"<{nc}error-severity>{'warning' if one.warning else 'error'}</{nc}error-severity>")
        if one.path:
            parts.append(f"<{nc}error-path>{escape(one.path)}</{nc}error-path>")
        parts.append(f"<{nc}error-message>\n{escape(one.message)}\n</{nc}error-message>")
        if one.bad:
            bad = f"<bad-element>{escape(one.bad)}</bad-element>"
            parts += [f"<{nc}error-info>", bad, f"</{nc}error-info>"]
        return "\n".join([*parts, f"</{nc}rpc-error>"]) + "\n"

    def troubles(self, some: Iterable[Trouble]) -> str:
        return "".join(self.trouble(one) for one in some)

    @property
    def junos(self) -> str:
        """The namespace of what a box says about its answer."""
        return f"http://xml.juniper.net/junos/{self.version}/junos"

    def reply(self, attributes: Mapping[str, str], body: str) -> str:
        """A whole `rpc-reply`; the attributes of the `rpc` come back."""
        said = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
        junos = f'xmlns:junos="{self.junos}"'
        if self.rfc:
            return f'<nc:rpc-reply xmlns:nc="{BASE}" {junos}{said}>\n{body}</nc:rpc-reply>'
        return f'<rpc-reply xmlns="{BASE}" {junos}{said}>\n{body}</rpc-reply>'

    def configuration(self, config: Element, about: Mapping[str, str]) -> str:
        """A configuration with what the box says about it, such as ``junos:changed-seconds``."""
        said = "".join(f" junos:{name}={quoteattr(value)}" for name, value in about.items())
        if not self.rfc:
            return f'<configuration xmlns="{XNM}"{said}>\n{_inner(config, _as_it_is)}</configuration>\n'
        return f'<configuration xmlns="{YANG}root"{said}>\n{_inner(config, _in_models)}</configuration>\n'

    def data(self, body: str) -> str:
        return f"<{self._nc}data>\n{body}</{self._nc}data>\n"

    def area(self, name: str) -> str:
        """The namespace of an operational reply, such as ``junos-chassis``."""
        return f"http://xml.juniper.net/junos/{self.version.split('.')[0]}.{_short(self.version)}/{name}"


def _short(version: str) -> str:
    """``4R0`` of 24.4R1.9: the release without its revision."""
    return version.split(".")[1].split("R")[0] + "R0" if "." in version and "R" in version else version


def _inner(config: Element, written: Callable[[Element], str]) -> str:
    return "".join(written(child) for child in config)


def _as_it_is(child: Element, level: int = 1) -> str:
    copied = etree.fromstring(etree.tostring(child))
    etree.indent(copied, space="    ", level=level)
    return f"{'    ' * level}{etree.tostring(copied, encoding='unicode').strip()}\n"


def _in_models(child: Element, level: int = 1) -> str:
    """One top statement in the namespace of its module; what is inside groups too."""
    if tag_of(child) in ("version", "apply-groups", "name"):
        return _as_it_is(child, level)
    if tag_of(child) == "groups":
        pad = "    " * level
        return f"{pad}<groups>\n{''.join(_in_models(inner, level + 1) for inner in child)}{pad}</groups>\n"
    return _as_it_is(child, level).replace(f"<{tag_of(child)}", f'<{tag_of(child)} xmlns="{YANG}{tag_of(child)}"', 1)


def hello(session: int, user: str, chunks: bool) -> str:
    """What the box says first."""
    offered = [*CAPABILITIES[:1], *([BASE_1_1] if chunks else []), *CAPABILITIES[1:]]
    said = "".join(f"    <nc:capability>{escape(one)}</nc:capability>\n" for one in offered)
    return (
        "<!-- No zombies were killed during the creation of this user interface -->\n"
        f"<!-- user {escape(user)}, class j-super-user -->\n"
        f'<nc:hello xmlns:nc="{BASE}">\n  <nc:capabilities>\n{said}  </nc:capabilities>\n'
        f"  <nc:session-id>{session}</nc:session-id>\n</nc:hello>"
    )


def parse(message: bytes) -> Element:
    """A request without namespaces: both dialects of clients are one.

    Raises:
        etree.XMLSyntaxError: It is no XML.
    """
    element = etree.fromstring(message.strip(), PARSER)
    for one in element.iter(etree.Element):
        if tag_of(one)[0] == "{":
            one.tag = tag_of(one).rpartition("}")[2]
        for name in [name for name in one.attrib if name[0] == "{"]:
            one.attrib[name.rpartition("}")[2]] = one.attrib.pop(name)
    etree.cleanup_namespaces(element)
    return element


# --- Calls ------------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Call:
    """One RPC and where it came from.

    Attributes:
        tx: The transaction it is worked on in.
        box: The box that answers.
        session: The row of its session.
        op: The operation: the element inside `rpc`.
        voice: How the box speaks.
    """

    tx: Tx
    box: sqlite3.Row
    session: sqlite3.Row
    op: Element
    voice: Voice

    @property
    def name(self) -> str:
        """What is asked for."""
        return tag_of(self.op)

    def text(self, name: str, default: str = "") -> str:
        return (self.op.findtext(name) or default).strip()

    def has(self, name: str) -> bool:
        return self.op.find(name) is not None


Handler = Callable[[Call], str]


class Table:
    """Handlers by RPC name.

    Threads: any; filled where its modules are imported, and never changed after that.
    """

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}

    def rpc(self, *names: str) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            self._handlers |= dict.fromkeys(names, handler)
            return handler

        return register

    def include(self, other: "Table") -> None:
        self._handlers |= other._handlers

    def find(self, name: str) -> Handler | None:
        return self._handlers.get(name)


def tag(name: str, value: Tree = None, **attributes: str) -> str:
    """One element of a reply: text, or elements that are written already."""
    said = "".join(f" {key.replace('__', ':')}={quoteattr(text)}" for key, text in attributes.items())
    if value is None:
        return f"<{name}{said}/>\n"
    return f"<{name}{said}>{escape(str(value))}</{name}>\n"


def block(name: str, parts: Sequence[str] | str, **attributes: str) -> str:
    said = "".join(f" {key.replace('__', ':')}={quoteattr(text)}" for key, text in attributes.items())
    return f"<{name}{said}>\n{parts if isinstance(parts, str) else ''.join(parts)}</{name}>\n"
