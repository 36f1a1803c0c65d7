"""`set` lines: read into loads, and written from a configuration."""

from collections.abc import Iterator, Sequence

from haplan_srx.lab.config.loading import Loader
from haplan_srx.lab.config.schema import Node, root
from haplan_srx.lab.config.tree import Element, Trouble, branches, tag_of, words_of
from haplan_srx.lab.config.words import BadWord, Builder, quote, split


def load(target: Element, text: str) -> list[Trouble]:
    """Run lines one after the other; what is wrong is told and skipped."""
    troubles: list[Trouble] = []
    prefix: list[str] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        try:
            words = split(line)
            if words[0] in ("edit", "top", "up"):
                prefix = _moved(prefix, words)
                continue
            loader = Loader(replaces=True)
            loader.apply(target, _change(words, prefix))
            troubles += loader.troubles
        except BadWord as bad:
            troubles.append(
                Trouble(
                    message=bad.message,
                    path=f"[edit] line {number}" if bad.message != "syntax error" else "",
                    bad=bad.word,
                )
            )
    return troubles


def say(target: Element, words: Sequence[str]) -> list[Trouble]:
    """One statement, as its words: none of them is a verb, and none is split again."""
    loader = Loader()
    try:
        loader.apply(target, _change(["set", *words], []))
    except BadWord as bad:
        return [Trouble(message=bad.message, bad=bad.word)]
    return loader.troubles


def _moved(prefix: list[str], words: list[str]) -> list[str]:
    if words[0] == "edit":
        return [*prefix, *words[1:]]
    if words[0] == "top":
        return words[2:] if words[1:2] == ["edit"] else []
    return prefix[: -int(words[1]) if len(words) > 1 else -1]


def _change(words: list[str], prefix: list[str]) -> Element:
    verb, rest = words[0], [*prefix, *words[1:]]
    builder = Builder()
    if verb == "set":
        element, node = builder.walk(rest)
        if node.leaf and not node.flag and not element.text:
            raise BadWord(rest[-1], "missing argument.")
    elif verb == "delete":
        builder.walk(rest)[0].set("delete", "delete")
    elif verb in ("activate", "deactivate"):
        mark = "active" if verb == "activate" else "inactive"
        builder.walk(rest)[0].set(mark, mark)
    elif verb == "insert":
        where = next((word for word in ("before", "after") if word in rest), "")
        if not where:
            raise BadWord(verb, "missing argument.")
        at = rest.index(where)
        element, _ = builder.walk(rest[:at])
        element.set("insert", where)
        element.set("name", rest[-1])
    elif verb == "rename":
        if "to" not in rest:
            raise BadWord(verb, "missing argument.")
        at = len(rest) - 1 - rest[::-1].index("to")
        element, _ = builder.walk(rest[:at])
        element.set("rename", "rename")
        element.set("name", rest[-1])
    else:
        raise BadWord(verb, "unknown command.")
    return builder.top


def lines(config: Element) -> Iterator[str]:
    """A configuration as `set` lines."""
    yield from _lines(config, root(), "set")


def _lines(element: Element, node: Node, said: str) -> Iterator[str]:
    for child in branches(element):
        below = node.child(tag_of(child))
        if below is None or (node.kind == "l" and tag_of(child) in node.keys):
            continue
        words = " ".join(one for one in (said, _named(child, below)) if one)
        inner = list(_lines(child, below, words)) if not below.leaf else []
        yield from inner or [words]
        if child.get("inactive"):
            yield "deactivate" + words.removeprefix("set")


def _named(element: Element, node: Node) -> str:
    said = words_of(element, node, quote)
    if node.leaf and not node.flag:
        said += " " + quote((element.text or "").strip())
    return said.strip()
