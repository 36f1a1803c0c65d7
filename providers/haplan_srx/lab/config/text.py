"""Text in braces: read into loads, and written from a configuration as the CLI shows it."""

import re
from collections.abc import Iterator

from haplan_srx.lab.config.schema import Node, root
from haplan_srx.lab.config.tree import Element, Trouble, branches, key_words, tag_of
from haplan_srx.lab.config.words import BadWord, Builder, quote

TOKEN = re.compile(r'/\*.*?\*/|#[^\n]*|"(?:[^"\\]|\\.)*"|[{};]|[^\s{};"]+', re.DOTALL)
MARKS = {"replace:": "replace", "delete:": "delete", "inactive:": "inactive", "active:": "active"}


def parse(text: str) -> tuple[Element, list[Trouble]]:
    """The load that a text stands for, and what was wrong in it."""
    builder, troubles = Builder(), list[Trouble]()
    # each open brace: the words that lead there, and the marks on the statement it opens
    open_braces: list[list[str]] = []
    words: list[str] = []
    for token in TOKEN.findall(text):
        if token.startswith(("/*", "#")):
            continue
        if token not in ("{", "}", ";"):
            words.append(token)
            continue
        if token == "}":
            if words or not open_braces:
                troubles.append(Trouble(message="syntax error", bad=words[0] if words else "}"))
            open_braces = open_braces[:-1]
        else:
            said = [word for word in words if word not in MARKS]
            path = [word for brace in open_braces for word in brace] + said
            _statement(builder, path, [MARKS[word] for word in words if word in MARKS], token, troubles)
            if token == "{":
                open_braces.append(said)
        words = []
    if open_braces or words:
        troubles.append(Trouble(message="syntax error", bad="}"))
    return builder.top, troubles


def _statement(builder: Builder, path: list[str], marks: list[str], token: str, troubles: list[Trouble]) -> None:
    plain = [_unquoted(word) for word in path]
    try:
        element, node = builder.walk(plain)
    except BadWord as bad:
        if token == ";" or bad.word != plain[-1]:
            troubles.append(Trouble(message=bad.message, bad=bad.word))
        return
    for mark in marks:
        element.set(mark, mark)
    if token == "{" and node.kind == "l" and not any(element.findtext(key) for key in node.keys):
        parent = element.getparent()
        if parent is not None:
            parent.remove(element)  # only the word of a list: its entries are in the braces


def _unquoted(word: str) -> str:
    return re.sub(r"\\(.)", r"\1", word[1:-1]) if word.startswith('"') else word


# --- Writing ----------------------------------------------------------------------------------------------------------


def write(config: Element) -> str:
    """A whole configuration."""
    return "".join(f"{line}\n" for line in body(config, root()))


def body(element: Element, node: Node) -> Iterator[str]:
    """What stands inside the braces of a statement."""
    done: set[str] = set()
    for child in branches(element):
        below = node.child(tag_of(child))
        if below is None or tag_of(child) in done or (node.kind == "l" and tag_of(child) in node.keys):
            continue
        if below.kind == "F":
            done.add(tag_of(child))
            yield values(list(element.iterchildren(tag_of(child))), below)
        elif below.kind == "l" and below.grouped and not below.hidden:
            done.add(tag_of(child))
            yield f"{below.word} {{"
            for entry in element.iterchildren(tag_of(child)):
                yield from (f"    {line}" for line in statement(entry, below, inside=True))
            yield "}"
        else:
            yield from statement(child, below)


def values(elements: list[Element], node: Node) -> str:
    """``next-hop 1.1.1.1;`` or ``next-hop [ 1.1.1.1 2.2.2.2 ];``."""
    texts = [quote((one.text or "").strip()) for one in elements]
    said = texts[0] if len(texts) == 1 else f"[ {' '.join(texts)} ]"
    return f"{said};" if node.hidden else f"{node.word} {said};"


def statement(element: Element, node: Node, inside: bool = False) -> Iterator[str]:
    """One statement with everything in it; `inside`: the word of its list is on the brace around it."""
    state = "inactive: " if element.get("inactive") else ""
    head = state + name(element, node, inside)
    if node.leaf:
        yield head + ";"
        return
    if node.kind == "c" and node.grouped:
        for child in branches(element):
            below = node.child(tag_of(child))
            if below is not None:
                first, *rest = statement(child, below)
                yield f"{head} {first}"
                yield from rest
        return
    line = oneline(element, node)
    if line is not None:
        yield " ".join(word for word in (head, line) if word) + ";"
        return
    yield f"{head} {{"
    yield from (f"    {line}" for line in body(element, node))
    yield "}"


def name(element: Element, node: Node, inside: bool = False) -> str:
    """The words before a brace or a semicolon."""
    said = [] if node.hidden or inside else [node.word]
    said += key_words(element, node, quote)
    if node.leaf and not node.flag:
        said.append(quote((element.text or "").strip()))
    return " ".join(said)


def oneline(element: Element, node: Node) -> str | None:
    """What follows on the same line, or None if it takes braces."""
    inner = [one for one in branches(element) if not (node.kind == "l" and tag_of(one) in node.keys)]
    tags = {tag_of(one) for one in inner}
    if not inner:
        return ""
    if not (node.oneline or (node.short and len(tags) == 1)) or any(one.get("inactive") for one in inner):
        return None
    said = []
    for tag in dict.fromkeys(tag_of(one) for one in inner):
        below = node.child(tag)
        same = [one for one in inner if tag_of(one) == tag]
        if below is None or (below.kind == "l" and len(same) > 1):
            return None
        if below.kind == "F":
            said.append(values(same, below).removesuffix(";"))
            continue
        more = "" if below.leaf else oneline(same[0], below)
        if more is None:
            return None
        said.append(" ".join(word for word in (name(same[0], below), more) if word))
    return " ".join(said)
