"""Markdown, HTML, the graph, and columns."""

from rich.cells import cell_len

from haplan.model.graph import Edge
from haplan.model.plan import Action, Change, Plan
from haplan.model.reason import Reason
from haplan.model.stack import Stack
from haplan.report.graph import dot, mermaid
from haplan.report.html import plan_html
from haplan.report.lines import line, plain, table, wide, write
from haplan.report.markdown import plan_markdown

PLAN = Plan(
    stack="s",
    environment="default",
    command="apply",
    lineage="",
    serial=0,
    changes=(
        Change(
            address="site.a",
            type="site",
            name="a",
            provider="mist",
            action=Action.CREATE,
            reason=Reason.NEW,
            after={"text": "<b>```"},
            location="stack.py:3",
        ),
    ),
)


def test_markdown_has_a_table_and_the_whole_text_folded() -> None:
    assert plan_markdown(PLAN).startswith("""## Plan: s · environment default

* 1 to create, 0 to change, 0 to replace, 0 to delete · no writes
* no outage
* 0 errors, 0 warnings, 0 notes

| | address | what it costs | where |
|---|---|---|---|
| `+` | `site.a` |  | stack.py:3 |

<details><summary>The whole plan</summary>

````
s · environment default
""")


def test_html_is_escaped() -> None:
    page = plan_html(PLAN)
    assert "&lt;b&gt;" in page
    assert "<b>" not in page


def test_the_graph_for_graphviz_and_mermaid() -> None:
    stack = Stack(
        name="s",
        root="/",
        blocks=dict.fromkeys(["site.a", 'site."b c"', "cluster.c"]),
        providers={},
        variables={},
        outputs={},
    )  # type: ignore[arg-type]  # blocks are not looked at
    edges = [Edge("site.a", "cluster.c", "hard", "site"), Edge('site."b c"', "cluster.c", "gate", "hub first")]
    assert (
        dot(stack, edges)
        == """digraph "s" {
  rankdir=LR;
  node [shape=box];
  "site.a";
  "site.\\"b c\\"";
  "cluster.c";
  "site.a" -> "cluster.c";
  "site.\\"b c\\"" -> "cluster.c" [style=bold, color=red];
}
"""
    )
    assert (
        mermaid(stack, edges)
        == """flowchart LR
  n0["site.a"]
  n1["site.#quot;b c#quot;"]
  n2["cluster.c"]
  n0 --> n2
  n1 ==> n2
"""
    )


def test_graphviz_gets_names_as_they_are() -> None:
    assert dot(Stack(name="Käse", root="/x", blocks={}, providers={}, variables={}, outputs={}), []).startswith(
        'digraph "Käse" {'
    )


def test_colour_changes_no_word() -> None:
    import io
    import re

    lines = [line(("+ ", "create"), ("site.a", "create"), ("  stack.py:3", "dim"))]
    plain, coloured = io.StringIO(), io.StringIO()
    write(lines, plain)
    write(lines, coloured, color=True)
    assert "\x1b[" in coloured.getvalue()
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured.getvalue()) == plain.getvalue()


def test_columns_are_counted_as_a_terminal_shows_them() -> None:
    assert plain(table([("site.北京", "a"), ("site.x", "b"), ('site."🏭 1"', "c"), ("site.é", "d")])) == (
        '  site.北京    a\n  site.x       b\n  site."🏭 1"  c\n  site.é       d\n'
    )
    assert plain([line("北京 " * 30, indent=0, hang=0)]).splitlines()[0] == ("北京 " * 20).rstrip()


def test_the_signs_of_our_own_reports_take_one_column_each() -> None:
    signs = "·→…–│×≈é"
    assert wide(signs) == cell_len(signs) == len(signs)
