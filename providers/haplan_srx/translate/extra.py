"""``extra={"srx": …}``: statements of Junos beside the vocabulary, as lines or as a mapping of their words.

``{"set": ["system services ssh root-login deny"]}`` and ``{"system": {"services": {"ssh": {"root-login": "deny"}}}}``
are one thing. Each statement is owned on its own and given back on its own; it is never over one of haplan's. The
statements that are known are those of the simulator, a part of the vendor's YANG.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from haplan.plugin import HOLE, SEQUENCES, Secret, Tree, is_mapping, leaves
from haplan_srx.translate import xml
from haplan_srx.translate.design import Pair
from haplan_srx.translate.scrambled import UNREADABLE
from haplan_srx.translate.statements import Path, Writer, tag

LINES = "set"
ODD = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""What XML does not carry, and what ends a line of the CLI."""
TAKEN: Mapping[str, str] = {
    "cluster": "its pair", "wan_edge_template": "all pairs that carry it", "hub_profile": "the pair that carries it",
}  # fmt: skip
"""Where it may stand."""
OURS: Mapping[Path, str] = {
    ("chassis", "cluster"): "failover= of the cluster, or the interfaces",
    ("chassis", "high-availability"): "haplan configures chassis clusters only",
    ("security", "policies"): "Policy(…): the order of policies is the stack's",
    ("groups",): "out_of_band= of the cluster: what differs by node is haplan's",
    ("apply-groups",): "out_of_band= of the cluster: what differs by node is haplan's",
    ("services", "rpm"): "probes= of a WAN",
    ("services", "ip-monitoring"): "probes= of a WAN",
}
"""What is haplan's as a whole → how that is said."""


def wrong(type_name: str, extra: Mapping[str, Tree]) -> Iterator[str]:
    """What is wrong with it, without a look at the pair: what holds a variable is looked at where its value is."""
    if type_name not in TAKEN:
        yield f"{', '.join(extra)}: on SRX direct extra stands on clusters, templates and profiles"
        return
    if any(isinstance(leaf, Secret) for _, leaf in leaves(extra)):
        yield "secrets are not taken: what a device shows of them cannot be compared"
        return
    yield from _read(line for line in _lines(extra) if not HOLE.search(" ".join(line))).errors


@attrs.frozen
class Statements:
    """What was read: path → values, and what is not taken, with the reason."""

    values: Mapping[Path, tuple[str, ...]]
    errors: tuple[str, ...]


def said(error: str) -> str:
    """What is wrong with it, among what else a device cannot be told."""
    return f"extra: {error}"


def statements(extra: Mapping[str, Tree]) -> Statements:
    """The statements of a mapping or of lines, variables filled in."""
    return _read(_lines(extra))


def _read(spoken: Iterable[Sequence[str]]) -> Statements:
    from haplan_srx.lab.config import setlines, tree  # the models of a device: only where there is something to read

    root, errors = tree.empty(), []
    for words in spoken:
        line = " ".join(words)
        if odd := ODD.search(line):
            errors.append(f"{line}: a configuration takes no U+{ord(odd[0]):04X}")
            continue
        errors += [f"{line}: {one.message}{f' ({one.bad})' if one.bad else ''}" for one in setlines.say(root, words)]
    values = dict(xml.parse(root).values)
    return Statements(values, (*errors, *(f"{_words(path)}: {why}" for path in values if (why := _not_here(path)))))


def _not_here(path: Path) -> str:
    """Why a statement is none for `extra`; "" where it is one."""
    for depth in range(1, len(path) + 1):
        said = OURS.get(tuple(tag(step) for step in path[:depth]))
        if said:
            return f"say it with {said}"
    if tag(path[-1]) in UNREADABLE:
        return "secrets are not taken: what a device shows of them cannot be compared"
    return ""


def _lines(extra: Mapping[str, Tree]) -> Iterator[list[str]]:
    """Each statement as its words: a value of a mapping is one, whatever is in it; a line is split as the CLI does."""
    from haplan_srx.lab.config.words import BadWord, split

    for key, value in extra.items():
        if key != LINES:
            yield from _spelled([str(key)], value)
            continue
        for line in value if isinstance(value, SEQUENCES) else str(value).splitlines():
            try:
                words = split(str(line))
            except BadWord:
                words = [str(line)]  # which is no statement, and told as it was written
            words = words[1:] if words[:1] == ["set"] else words
            if words:
                yield words


def _spelled(before: list[str], value: Tree) -> Iterator[list[str]]:
    """The statements of a mapping: a word alone is True, several values are a list."""
    if is_mapping(value):
        for key, below in value.items():
            yield from _spelled([*before, str(key)], below)
    elif isinstance(value, SEQUENCES):
        for one in value:
            yield from _spelled(before, one)
    elif value is True:
        yield before
    elif value is not None and value is not False:
        yield [*before, str(value)]


def write(pair: Pair, to: Writer) -> None:
    """The statements, after all of haplan's own."""
    for owner in (pair.owner, pair.cluster):
        given = owner.values.get("extra") or {}
        if not given:
            continue
        to.speak(owner.address, "extra")
        found = statements(_with_variables(pair, given))
        for error in found.errors:
            to.trouble(said(error))
        for path, values in found.values.items():
            if whose := _clash(path, to):
                to.trouble(f"extra: {_words(path)} is said by {whose} already")
            elif _listed(path):
                to.several(*path, values=values, shared=True)
            else:
                to.set(*path, value=values[0] if values else None)


def _clash(path: Path, to: Writer) -> str:
    """Who says it already, or says that nothing else may stand there."""
    if path in to.statements:
        one = to.statements[path]
        return "" if one.origin == to.origin and one.field == to.field else one.origin
    for depth in range(1, len(path)):
        if tag(path[depth]) in to.sole_.get(path[:depth], ()):
            inside = (one.origin for other, one in to.statements.items() if other[:depth] == path[:depth])
            return next(inside, "haplan")
    return ""


def _listed(path: Path) -> bool:
    """True for a leaf that may stand several times."""
    from haplan_srx.lab.config.schema import Node, root

    node: Node | None = root()
    for step in path:
        node = node.child(tag(step)) if node is not None else None
    return node is not None and node.kind == "F"


def _with_variables(pair: Pair, given: Tree) -> Tree:
    if is_mapping(given):
        return {pair.text(key) or str(key): _with_variables(pair, value) for key, value in given.items()}
    if isinstance(given, SEQUENCES):
        return [_with_variables(pair, one) for one in given]
    return (pair.text(given) or given) if isinstance(given, str) else given


def _words(path: Path) -> str:
    return " ".join(word for step in path for word in ([step] if isinstance(step, str) else step))
