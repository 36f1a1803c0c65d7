"""Check: run the rules of one moment and collect what they find."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

import attrs

from haplan.contracts import Provider, ValidateView
from haplan.errors import Gathering, HaplanError, StackError
from haplan.model.finding import Finding, Moment, Rule, Severity
from haplan.model.plan import Change
from haplan.model.stack import Block, Stack
from haplan.model.value import Secret, Tree
from haplan.model.vendor_keys import LITERAL, STRICT, Doubt

UNREAD = "UNREAD"
"""In the place of a rule, where a provider could not read what it is about."""
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


def beside(error: StackError, rules: Iterable[Rule]) -> StackError:
    """The mistakes of a stack with what the rules find in the rest of it, so that all is told in one run.

    Of what has a mistake, and of what refers to it or is referred to by it, only what needs no look at anything else.
    A rule that breaks on it is told too: rules have to bear what a stack may hold.
    """
    part = error.part
    if not isinstance(part, Stack):
        return error
    apart, found, broke = _apart(part, error.about), list[Finding](), list[str]()
    for rule in rules:
        if "V" in rule.moments:
            try:
                said = rule.check(ValidateView(part))
            except HaplanError as broken:
                broke.append(str(broken))
                continue
            found += [one for one in said if one.severity == "error" and (rule.alone or one.address in apart)]
    lines = [f"{one.location or part.name}: {one.said} ({one.rule})" for one in in_order(found)]
    return StackError([*error.mistakes, *lines, *broke])


def _apart(stack: Stack, about: Collection[str]) -> set[str]:
    """The resources that have nothing to do with one that has a mistake."""
    wrong = {address for address, block in stack.blocks.items() if address in about or str(block.location) in about}
    touched = set(wrong)
    for address, block in stack.blocks.items():
        named = {reference.address for reference in block.references} | ({block.owner} if block.owner else set())
        touched |= {address} if named & wrong else set()
        touched |= named if address in wrong else set()
    return set(stack.blocks) - touched


def check_secrets(
    stack: Stack, changes: Iterable[Change], reveal: Callable[[str], str]
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """Secrets that cannot be found here: an error where one is to be written, else a note that nothing compares it."""
    changing = {change.address for change in changes if change.after is not None}
    found: list[Finding] = []
    notes: list[str] = []
    for address, there in stack.secrets().items():
        block = stack.blocks[address]
        for secret in there:
            try:
                reveal(secret.source)
            except HaplanError as error:
                if block.address in changing:
                    found.append(Finding.at(block, "SECRET", str(error)))
                else:
                    notes.append(f"{block.address}: secret, not compared: {error}")
    return in_order(found), tuple(dict.fromkeys(notes))


def check_extra(stack: Stack, providers: Mapping[str, type[Provider]]) -> tuple[Finding, ...]:
    """Vendor keys that a provider does not know or take, on resources and parts of them; a note for those that nobody
    reads, and a warning for each secret that stands there in plain."""
    found, gathering = list[Finding](), Gathering()
    for block in stack.blocks.values():
        name = block.provider.split(".")[0]
        for part in block.object.haplan_extras() if block.object is not None else ():
            where = f"{part.where}: " if part.where else ""
            place = attrs.evolve(block, location=part.location)
            with gathering:
                found += [
                    Finding.at(place, "EXTRA", f"{where}{text}", severity)
                    for text, severity in _said(stack, block, part.kind, part.keys.get(name) or {}, providers.get(name))
                ]
            ignored = sorted(set(part.keys) - {name})
            if ignored:
                text = f"{where}extra for {', '.join(ignored)} is ignored here: the provider is {block.provider}"
                found.append(Finding.at(place, "EXTRA", text, "info"))
        found += _literals(block, stack.secrets().get(block.address, ()))
    gathering.refuse()
    return in_order(found)


def _said(
    stack: Stack, block: Block, kind: str, keys: Mapping[str, Tree], cls: type[Provider] | None
) -> Iterator[tuple[str, Severity]]:
    """What the provider says of vendor keys: mistakes, and what it does not know."""
    owner = stack.providers.get(block.provider)
    strict = owner is not None and owner.settings.get(STRICT) is True
    for one in cls.check_extra(kind, keys) if cls is not None and keys else ():
        if isinstance(one, Doubt):
            yield one.text, "error" if strict else "warning"
        else:
            yield one, "error"


def _literals(block: Block, secrets: Iterable[Secret]) -> Iterator[Finding]:
    for secret in secrets:
        scheme, _, place = secret.source.partition(":")
        if scheme == LITERAL:
            at = place.removeprefix(block.address).strip()
            text = f"{at}: a secret stands in the stack; it is kept out of plan, state and logs"
            hint = 'write secret("env:NAME") instead; a plan file cannot be applied with it'
            yield Finding.at(block, "EXTRA", text, "warning", hint)
