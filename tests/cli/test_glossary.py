"""docs/glossary.md: its words are the ones that people read, and what it says not to say stands in no help text."""

import re
from pathlib import Path

import click
import pytest

from tests.cli.test_help import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
HELPS = {name: command.get_help(click.Context(command, info_name=name)) for name, command in COMMANDS.items()}
FILES = ["README.md", "CHANGELOG.md", "haplan/report/README.md", *sorted((ROOT / "haplan" / "design").rglob("*.py"))]
"""Besides the help: what rules, types and their attributes say comes from the vocabulary."""
PAGES = [*HELPS.values(), *((ROOT / name).read_text(encoding="utf-8") for name in FILES)]
INSTEAD = [
    word for row in re.findall(r"^\| \*\*.+? \| .+? \| (.+?) \|$", GLOSSARY, re.MULTILINE) for word in row.split(", ")
]
"""What other tools call it."""


def saying(word: str) -> re.Pattern[str]:
    return re.compile(rf"\b{re.escape(word)}s?\b", re.IGNORECASE)


@pytest.mark.parametrize("word", sorted(set(re.findall(r"\*\*(.+?)\*\*", GLOSSARY))))
def test_each_word_is_one_that_people_read(word: str) -> None:
    assert any(saying(word).search(page) for page in PAGES)


@pytest.mark.parametrize("word", INSTEAD)
def test_no_help_text_says_it_with_another_word(word: str) -> None:
    assert [name for name, text in HELPS.items() if saying(word).search(text)] == []


def test_the_last_column_is_read() -> None:
    assert {"driver", "dry run", "blast radius", "hub template"} <= set(INSTEAD)
