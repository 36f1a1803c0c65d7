"""haplan show"""

from pathlib import Path

import attrs
import click

from haplan.cli import completion, terminal
from haplan.cli.given import opening
from haplan.cli.options import COMMON, JSON, SERIAL, options
from haplan.model.value import Tree

FORMATS = ("text", "json", "markdown", "html", "approval")


@click.command("show")
@click.argument("file", default=".", metavar="[FILE]", shell_complete=completion.file)
@options(COMMON, JSON)
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="What to write.")
@click.option("--full", is_flag=True, help="Fold nothing.")
@SERIAL
def command(file: str, form: str, full: bool, serial: int | None, **given: object) -> None:
    """Show a plan file, or the state.

    Without FILE the state of the stack here. A stack's folder as FILE shows that stack's state.
    Of a plan file it says too whether it is still current: where its state can be seen from here. A
    state on a host is looked at only where --state or HAPLAN_STATE names it.

    \b
    Example:
      haplan show hub.plan --format markdown
    """
    form = "json" if given["as_json"] else form
    path = Path(file)
    if path.is_dir() or path.suffix == ".py":
        _state(file, form, serial or 0, given)
    elif serial:
        raise click.UsageError("--serial is for a state; a plan file holds one plan")
    else:
        _plan(path, form, full, given)


def _state(place: str, form: str, serial: int, given: dict[str, Tree]) -> None:
    from haplan.report.documents import state_json
    from haplan.report.state import state_lines

    if form not in ("text", "json"):
        raise click.UsageError(f"--format {form} is for plan files; state has text and json")
    with terminal.session(place, opening(given), given, quiet=True) as opened:
        state, environment = opened.state.read(serial), opened.environment
    if form == "json":
        terminal.dump(state_json(state, environment=environment))
    else:
        terminal.show(state_lines(state, environment=environment), given)


def _plan(path: Path, form: str, full: bool, given: dict[str, Tree]) -> None:
    from haplan import api
    from haplan.report.html import plan_html
    from haplan.report.markdown import plan_markdown
    from haplan.report.origin import Made
    from haplan.report.text import plan_lines

    found = api.read_plan(path)
    current = found.current(**opening(given))
    made = Made(found.at, found.digest, str(current), current.state == "current")
    if form == "json":
        document = found.json()
        terminal.dump({**document, "haplan": {**document["haplan"], "current": attrs.asdict(current)}})
    elif form == "approval":
        from haplan.model.approval import Decision
        from haplan.report.approval import approval_text

        terminal.page(approval_text(found.body, found.digest, Decision(yes=True)))
    elif form == "text":
        terminal.show(plan_lines(found.body, next_step=f"haplan apply {path}", full=full, made=made), given)
    else:
        write = plan_markdown if form == "markdown" else plan_html
        terminal.page(write(found.body, full=full, made=made))
