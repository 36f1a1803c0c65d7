"""Check: run the rules of one moment and collect what they find."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from haplan.contracts import Provider
from haplan.errors import Gathering, HaplanError
from haplan.model.finding import Finding, Moment, Rule
from haplan.model.plan import Change
from haplan.model.stack import Stack
from haplan.model.value import secrets

_WEIGHT = {"error": 0, "warning": 1, "info": 2}


def check(moment: Moment, view: Any, rules: Iterable[Rule]) -> tuple[Finding, ...]:
    """The findings of all rules of a moment, worst first, then by rule and address.

    Raises:
        PluginError: Rules broke; they are named.
    """
    found, gathering = list[Finding](), Gathering()
    for rule in rules:
        if moment in rule.moments:
            with gathering:
                found += rule.check(view)
    gathering.refuse()
    return in_order(found)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each finding once: worst first, then by rule, address and message."""
    return tuple(sorted(set(findings), key=lambda f: (_WEIGHT[f.severity], f.rule, f.address, f.message)))


def check_secrets(
    stack: Stack, changes: Iterable[Change], reveal: Callable[[str], str]
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """Secrets that cannot be found here: an error where one is to be written, else a note that nothing compares it."""
    changing = {change.address for change in changes if change.after is not None}
    found: list[Finding] = []
    notes: list[str] = []
    for block in stack.blocks.values():
        for secret in secrets([block.values, block.extra]):
            try:
                reveal(secret.source)
            except HaplanError as error:
                if block.address in changing:
                    found.append(Finding.at(block, "SECRET", str(error)))
                else:
                    notes.append(f"{block.address}: secret, not compared: {error}")
    return in_order(found), tuple(dict.fromkeys(notes))


def check_extra(stack: Stack, providers: Mapping[str, type[Provider]]) -> tuple[Finding, ...]:
    """Vendor keys that a provider does not know, and a note for those that nobody reads."""
    found, gathering = list[Finding](), Gathering()
    for block in stack.blocks.values():
        cls = providers.get(block.provider.split(".")[0])
        if cls is not None and block.extra:
            with gathering:
                found += [Finding.at(block, "EXTRA", line) for line in cls.check_extra(block.type, block.extra)]
        ignored = sorted(set(getattr(block.object, "haplan_extra", {})) - {block.provider.split(".")[0]})
        if ignored:
            text = f"extra for {', '.join(ignored)} is ignored here: the provider is {block.provider}"
            found.append(Finding.at(block, "EXTRA", text, "info"))
    gathering.refuse()
    return in_order(found)
