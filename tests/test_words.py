"""Words for people steer nothing: no code decides by what stands in a reason, a text or an error."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROSE = frozenset({"reason", "because", "why", "text", "note", "notes", "message", "title", "words", "hint", "said"})
"""Attributes that hold sentences."""
READING = frozenset({"startswith", "endswith", "partition", "rpartition", "split", "find", "index", "removeprefix"})

ALLOWED = {
    ("haplan/design/rules/ports.py", "text"): "the ports of an interface as a stack writes them: a list, no sentence",
    ("haplan/design/rules/links.py", "text"): "the ports of an interface as a stack writes them: a list, no sentence",
    ("providers/haplan_mist/read/audit.py", "message"): "the cloud's own words: its log has no field for the kind",
    ("providers/haplan_mist/read/sites.py", "message"): "the cloud's own words: its log has no field for the kind",
    ("haplan/steps/load/stack.py", "error"): "a stack is somebody's program: what it raises says what it stumbled over",
    ("providers/haplan_srx/device/operational.py", "message"): "a device's own words; it has no code for this answer",
}
"""File and what is read → why that may be."""
FOREIGN = ("/lab/", "/model/", "/translate/xml.py", "/device/replies.py")
"""Where ``text`` is the vendor's: XML elements and the grammars of simulators."""


def readings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Lines that look into prose, with what it is: a method of it, or ``in`` it, or a comparison with a literal."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in READING:
            name = prose(node.func.value)
            if name and (node.args or node.func.attr != "split"):  # without one it only joins lines
                yield node.lineno, name
        if isinstance(node, ast.Compare):
            for operator, right in zip(node.ops, node.comparators, strict=True):
                if isinstance(operator, ast.In | ast.NotIn) and (name := prose(right)):
                    yield node.lineno, name
                if isinstance(operator, ast.Eq | ast.NotEq):
                    for one, other in ((node.left, right), (right, node.left)):
                        literal = isinstance(other, ast.Constant) and isinstance(other.value, str) and other.value
                        if literal and (name := prose(one)):
                            yield node.lineno, name


def prose(node: ast.expr) -> str:
    """The name of a sentence: an attribute that holds one, or the text of an error; "" for anything else."""
    if isinstance(node, ast.Attribute) and node.attr in PROSE:
        return node.attr
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "str" and node.args:
        return "error" if isinstance(node.args[0], ast.Name) and node.args[0].id == "error" else prose(node.args[0])
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("lower", "strip"):
        return prose(node.func.value)
    return ""


def found() -> dict[tuple[str, str], list[int]]:
    places: dict[tuple[str, str], list[int]] = {}
    for room in ("haplan", "providers", "state"):
        for file in sorted((ROOT / room).rglob("*.py")):
            name = str(file.relative_to(ROOT))
            if not any(part in name for part in FOREIGN):
                for line, what in readings(ast.parse(file.read_text())):
                    places.setdefault((name, what), []).append(line)
    return places


def test_no_code_decides_by_a_sentence() -> None:
    assert {place: lines for place, lines in found().items() if place not in ALLOWED} == {}


def test_what_may_read_a_sentence_still_does() -> None:
    assert set(ALLOWED) <= set(found())


def test_the_test_sees_each_way_to_read_a_sentence() -> None:
    code = (
        'change.reason.startswith("a")\n"tainted" in change.reason\nsettlement.text == "done"\n'
        'str(error).partition(";")\n"x" not in one.message.lower()\nchange.reason is Reason.GONE\nrow.text == ""\n'
    )
    assert [line for line, _ in readings(ast.parse(code))] == [1, 2, 3, 4, 5]


ANY_AT_MOST = 580
"""Lines of code that say ``Any``; half of what 0.1.0 had; a ceiling that only comes down."""


def test_any_is_said_no_more_often_than_it_was() -> None:
    lines = [line for room in ("haplan", "providers", "state") for file in (ROOT / room).rglob("*.py")
             for line in file.read_text().splitlines() if re.search(r"\bAny\b", line)]  # fmt: skip
    assert len(lines) <= ANY_AT_MOST
