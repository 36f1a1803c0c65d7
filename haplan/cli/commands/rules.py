"""haplan rules"""

import click

from haplan.cli import completion, terminal
from haplan.cli.options import JSON, NO_COLOR, options
from haplan.errors import HaplanError


@click.command("rules")
@click.argument("rule", default="", metavar="[ID]", shell_complete=completion.one_of(completion.rules))
@options(NO_COLOR, JSON)
def command(rule: str, **given: object) -> None:
    """List the design rules, or explain one.

    \b
    Example:
      haplan rules HA024
    """
    from haplan.language.record import nearest
    from haplan.plugins import load_plugins
    from haplan.report.catalogue import rule_json, rule_lines, rule_list

    rules = load_plugins().rules
    if rule and rule.upper() not in rules:
        raise HaplanError(f"no rule {rule!r}{nearest(rule.upper(), rules)}")
    if given["as_json"]:
        terminal.dump(rule_json(rules[rule.upper()]) if rule else [rule_json(one) for one in rules.values()])
    else:
        terminal.show(rule_lines(rules[rule.upper()]) if rule else rule_list(rules.values()), given)
