"""Addresses: ``[module.<label>.]* [data.] type.[owner.]label``."""

import json
import re
from fnmatch import fnmatchcase
from functools import lru_cache

import attrs

_PLAIN_LABEL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*\Z")
_TYPE = re.compile(r"(?!data)[a-z][a-z0-9_]*\Z")
_SEGMENT = re.compile(r'"(?:[^"\\]|\\.)*"|[^."]+')


def quoted(label: str) -> str:
    """A label as it stands in an address: plain, or as a JSON string."""
    return label if _PLAIN_LABEL.match(label) else json.dumps(label, ensure_ascii=False)


@attrs.frozen(order=True, kw_only=True)
class Address:
    """Where a resource stands in a stack.

    Attributes:
        module: Labels of the modules around it, outermost first.
        data: True for a data source.
        type: The resource type, such as ``site``.
        owner: Label of the template or profile that a steering rule or policy lives in, else "".
        label: The resource's own label.
    """

    module: tuple[str, ...]
    data: bool
    type: str
    owner: str
    label: str

    def __str__(self) -> str:
        if not (self.module or self.data or self.owner):
            return f"{self.type}.{quoted(self.label)}"
        parts = [part for label in self.module for part in ("module", quoted(label))]
        parts += ["data"] if self.data else []
        parts += [self.type, *([quoted(self.owner)] if self.owner else []), quoted(self.label)]
        return ".".join(parts)

    @property
    def name(self) -> str:
        """The last part as plan JSON has it: the label, after its owner's where it has one."""
        return f"{quoted(self.owner)}.{quoted(self.label)}" if self.owner else self.label


@lru_cache(100_000)
def parse(text: str) -> Address:
    """Read an address.

    Raises:
        ValueError: The text is not an address.
    """
    parts = _split(text)
    module: list[str] = []
    while len(parts) > 2 and parts[0] == "module":
        module.append(_label(parts[1]))
        parts = parts[2:]
    data = bool(parts) and parts[0] == "data"
    parts = parts[1:] if data else parts
    if len(parts) not in (2, 3) or not _TYPE.match(parts[0]):
        raise ValueError(f"{text!r} is not an address; write type.label, as in site.branch")
    labels = [_label(part) for part in parts[1:]]
    return Address(
        module=tuple(module), data=data, type=parts[0], owner=labels[0] if len(labels) == 2 else "", label=labels[-1]
    )


def is_module(text: str) -> bool:
    """True for the address of a module: ``module.a``, ``module.a.module.b``."""
    try:
        found = parse(f"{text}.x.y")
    except ValueError:
        return False
    return bool(found.module) and (found.type, found.owner, found.label) == ("x", "", "y")


def within(address: str, place: str) -> bool:
    """True if an address is this one, or in this module."""
    return address == place or (place.startswith("module.") and address.startswith(f"{place}."))


def keyed(address: str, deposed: str) -> str:
    """What names an object in a plan: its address, and the mark of one that was replaced and waits to be deleted."""
    return f"{address} (deposed {deposed})" if deposed else address


def matches(address: str, pattern: str) -> bool:
    """True if the address is what the pattern says; ``*`` and ``?`` stand for any text, any character.

    ``[`` is taken literally. A pattern without a wildcard that names a module matches all in it.
    """
    escaped = pattern.replace("[", "[[]")
    return fnmatchcase(address, escaped) or (pattern.startswith("module.") and address.startswith(pattern + "."))


def _split(text: str) -> list[str]:
    parts: list[str] = []
    at = 0
    while at < len(text):
        found = _SEGMENT.match(text, at)
        if found is None:
            raise ValueError(f"{text!r} is not an address; write type.label, as in site.branch")
        parts.append(found.group())
        at = found.end()
        if at < len(text):
            if text[at] != "." or at + 1 == len(text):
                raise ValueError(f"{text!r} is not an address; write type.label, as in site.branch")
            at += 1
    return parts


def _label(part: str) -> str:
    if not part.startswith('"'):
        if not _PLAIN_LABEL.match(part):
            raise ValueError(f"{part!r} is not a label; write odd labels as a JSON string")
        return part
    label = json.loads(part)
    if not isinstance(label, str) or not label:
        raise ValueError(f"{part} is not a label")
    return label
