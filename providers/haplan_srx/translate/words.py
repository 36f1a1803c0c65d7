"""Statements as the CLI writes them, for people: the words that stand in XML and are not written are left out."""

from collections.abc import Iterator

from haplan_srx.translate.scrambled import is_secret
from haplan_srx.translate.statements import Path, Step, keys, tag

UNWRITTEN = frozenset({
    ("interfaces", "interface"), ("routing-instances", "instance"), ("redundant-parent", "parent"),
    ("default-policy", "default-action"), ("address", "ip-prefix"), ("input", "filter-name"),
    ("routing-instance", "routing-instance-name"), ("server-group", "server-group"),
    ("active-server-group", "active-server-group"),
})  # fmt: skip
"""Elements whose word is not written, each with the one it stands in (vendor YANG, Junos 24.4R1)."""
WRITTEN_AS = {"src-nat-rule-match": "match", "dest-nat-rule-match": "match", "static-nat-rule-match": "match"}


def said(path: Path, values: tuple[str, ...] = (), start: int = 0) -> str:
    """A statement without the ``set`` in front; with `start`, what stands from that step on."""
    steps = list(enumerate(path))[start:]
    words = [word for at, step in steps for word in _words(tag(path[at - 1]) if at else "", step)]
    hidden = bool(path) and is_secret(tag(path[-1]), values)
    shown = ["(sensitive)" if hidden or (one[:1] == "$" and one[:2] != "${") else one for one in values]
    words += [shown[0]] if len(shown) == 1 else ["[", *shown, "]"] if shown else []
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    plain = word[:2] == "${" or (word and not any(one in word for one in ' ;"{}'))
    return word if plain else f'"{word}"'


def _words(above: str, step: Step) -> Iterator[str]:
    if isinstance(step, tuple) and len(step) == 3 and step[0] == "policy":
        yield from ("from-zone", step[1], "to-zone", step[2])
        return
    if (above, tag(step)) not in UNWRITTEN:
        yield WRITTEN_AS.get(tag(step), tag(step))
    yield from (key for _, key in keys(step))
