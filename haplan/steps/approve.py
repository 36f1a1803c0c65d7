"""Approve: a plan becomes a file with a digest, and a file becomes a plan again; and what forbids carrying it out.

The digest is over the canonical body (RFC 8785): the same inputs give the same bytes, whatever the clock or the order
of work. All that is acted on stands there, and all that is decided by: also where the state is, whether the estate is
simulated, and who made it of what. Beside it, under ``made``, stand the clock and the counts of calls, which are shown
and nothing else: whatever is written there, the same happens.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs

from haplan import __version__
from haplan.errors import Denied, HaplanError, OtherEstate, PlanFileError, PluginError, Stale
from haplan.language.refs import unresolved
from haplan.model import value as model
from haplan.model.address import keyed
from haplan.model.canonical import Twice, canonical, parse
from haplan.model.finding import Finding
from haplan.model.plan import FORMAT, Action, Calls, Change, Plan
from haplan.model.reason import Reason
from haplan.model.sources import commands, sources
from haplan.model.state import Run, State
from haplan.model.value import Tree
from haplan.state import files
from haplan.state.nouns import noun, plain

BESIDE = ("calls", "read")
"""Fields of a plan that are not part of what is approved: what it took to make it, and that it was read from a file."""
VERSION = re.compile(r"[\w.+-]{1,40}")
LATEST = 253402300799.0
"""The last second of the year 9999, the last that a date can show."""


@attrs.frozen
class PlanFile:
    """A plan read from a file.

    Attributes:
        plan: The plan.
        digest: Over the body.
        at: When it was made, epoch seconds, to be shown: not approved. 0 if it does not say.
    """

    plan: Plan
    digest: str
    at: float = 0.0


def body(plan: Plan) -> dict[str, Tree]:
    """The approved part of a plan, as plain JSON."""
    names = [field.name for field in attrs.fields(Plan) if field.name not in BESIDE]
    return {name: plain(getattr(plan, name)) for name in names}


def digest(plan: Plan) -> str:
    """The fingerprint that an approval is for."""
    return _digest(_written(plan))


def _written(plan: Plan) -> bytes:
    """The bytes of the body.

    Raises:
        HaplanError: A reference stands in a text that nothing looked through, so that nobody would ever resolve it.
    """
    text = canonical(body(plan))
    around = unresolved(text)
    if around:
        raise HaplanError(f"a reference stands where none can: {around}; give it to an attribute or an output instead")
    return text


def _digest(text: bytes) -> str:
    return "sha256:" + hashlib.sha256(text).hexdigest()


def sealed(plan: Plan, at: float) -> tuple[str, bytes]:
    """The digest of a plan that is made now, and the bytes of its file."""
    text = _written(plan)
    found = _digest(text)
    rest = canonical({"format": FORMAT, "made": {"at": at, "calls": plain(plan.calls)}, "digest": found})
    return found, b'{"body":' + text + b"," + rest[1:] + b"\n"  # by name, body comes first


def unseal(path: Path) -> PlanFile:
    """Read a plan file.

    Raises:
        PlanFileError: It cannot be read, is not a plan, or was changed after it was written.
    """
    try:
        document = parse(files.read(path))
    except OSError as error:
        raise PlanFileError(f"{path}: cannot read this plan file: {error.strerror}") from None
    except Twice as error:
        raise PlanFileError(f"{path}: this plan was changed after it was written ({error}); plan again") from None
    except ValueError:
        raise PlanFileError(f"{path}: not a plan file; `haplan plan --out FILE` writes one") from None
    if not isinstance(document, dict) or not str(document.get("format", "")).startswith("haplan-plan/"):
        raise PlanFileError(f"{path}: not a plan file; `haplan plan --out FILE` writes one")
    if document["format"] != FORMAT:
        written = f"written as {document['format']}{_by(document)}"
        raise PlanFileError(f"{path}: {written}, haplan {__version__} reads {FORMAT}; plan again")
    try:
        found = _digest(canonical(document["body"]))
        if found != document["digest"]:
            raise PlanFileError(
                f"{path}: this plan was changed after it was written (digest does not match); plan again"
            )
        _refuse_older(path, document)
        plan = noun(Plan, document["body"])
        if not {*sources(plan)} <= {*plan.sources} or digest(plan) != found:
            raise ValueError("not as a plan is written")
    except PlanFileError:
        raise
    except Exception as error:  # whatever is missing or of the wrong shape: the file is damaged, or of another haplan
        raise PlanFileError(f"{path}: {_unread(document, error)}; plan again") from None
    made = document.get("made")
    return PlanFile(attrs.evolve(plan, calls=_calls(made), read=True), found, _at(made))


def _unread(document: Mapping[str, Tree], error: Exception) -> str:
    """Why a file that was not tampered with is not read."""
    maker = _by(document)
    if maker not in ("", f" by haplan {__version__}"):
        return f"made{maker}, whose plan files haplan {__version__} does not read"
    return f"this plan file is damaged ({type(error).__name__})"


def _by(document: Mapping[str, Tree]) -> str:
    """The haplan that a file says made it, if it says one."""
    with suppress(Exception):  # nothing is known of its shape
        maker = str(document["body"]["origin"]["haplan"])
        return f" by haplan {maker}" if VERSION.fullmatch(maker) else ""
    return ""


def _refuse_older(path: Path, document: Mapping[str, Tree]) -> None:
    """Before 0.2 the place of the state and the author stood beside the body: nobody had approved those."""
    body, made = document["body"], document.get("made")
    if isinstance(body, Mapping) and "origin" not in body:
        version = str(made.get("haplan", "")) if isinstance(made, Mapping) else ""
        maker = f"haplan {version}" if VERSION.fullmatch(version) else "an older haplan"
        raise PlanFileError(
            f"{path}: made by {maker}, in whose plan files author and state are no part of what is approved; plan again"
        )


def _at(made: Any) -> float:
    """When a plan was made, if that is a time."""
    at: Any = made.get("at") if isinstance(made, Mapping) else None
    return float(at) if type(at) in (int, float) and 0 <= at <= LATEST else 0.0


def _calls(made: Any) -> tuple[Calls, ...]:
    """The counts of calls, if they are such."""
    try:
        found: tuple[Calls, ...] = noun(tuple[Calls, ...], made["calls"])
        return found
    except Exception:  # whatever stands there, it is only shown
        return ()


def refuse_stale(plan: Plan, state: State, sealed: str, *, resuming: bool = False) -> None:
    """Refuse a plan that no longer fits the state.

    Raises:
        Stale: Another lineage, a moved row, or a digest already applied.
    """
    if sealed in state.applied and not resuming:
        raise Stale(_applied_already(state, sealed))
    if plan.lineage and plan.lineage != state.lineage:
        raise Stale("this plan was made on another state (another lineage); plan again")
    if not plan.lineage and state.rows:
        raise Stale("this plan was made before this state existed; plan again")
    serials = {keyed(*key): row.serial for key, row in state.rows.items()}
    for name, serial in plan.versions.items():
        now = serials.get(name, 0)
        if now != serial:
            raise Stale(f"{name}: {_moved(plan, state, now)}; plan again")


_ENDED: Mapping[str, str] = {"failed": "failed", "interrupted": "was interrupted"}
"""Result of a run → as it is told."""


def _applied_already(state: State, sealed: str) -> str:
    """By which run, and what is left to do: nothing, where the run's recorded result says that all of it was done."""
    run = next((run for run in reversed(state.runs) if run.digest == sealed), None)
    said = f"this plan was applied already by {_of_run(run)}" if run else "this plan was applied already"
    if run and run.result == "done":
        return f"{said}, and all of it is done; plan again for what came later"
    if run and run.result:
        return f"{said}, which {_ENDED[run.result]}; plan again: the new plan has what is still missing"
    return f"{said}; plan again"


def _moved(plan: Plan, state: State, serial: int) -> str:
    """What became of a row since a plan: by which run, where that is known."""
    later = [run for run in state.runs if (run.serial == serial if serial else run.serial > plan.serial)]
    what = "its state moved since the plan" if serial else "left the state since the plan"
    if not later:
        return what
    return f"{what}, by {'' if serial or len(later) == 1 else 'a run up to '}{_of_run(later[-1])}"


def _of_run(run: Run) -> str:
    """A run, for people: ``run r1 (apply of ana@noc, 2026-11-22 14:05 UTC)``."""
    at = datetime.fromtimestamp(run.started, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"run {run.id} ({run.command} of {run.who}, {at})"


def asked(plan: Plan) -> set[str]:
    """Names of the sensitive variables that carrying out a plan needs again."""
    trees = [*(change.after for change in plan.changes), *(out.after for out in plan.outputs)]
    trees += [model.decode(dict(settings)) for settings in plan.settings.values()]
    return {name for tree in trees for secret in model.secrets(tree) for name in model.variables(secret.source)}


def sensitive_variables(plan: Plan) -> dict[str, model.Secret]:
    """The variables whose values a plan does not hold, by name."""
    return {name: value for name, value in plan.variables.items() if isinstance(value, model.Secret)}


def refuse_other_values(plan: Plan, key: bytes, reveal: Callable[[str], str]) -> None:
    """Refuse if a sensitive variable has another value than when the plan was made.

    Before the first save there is no key to compare by: any value is taken then, but there must be one.

    Raises:
        Stale: Naming the variables.
    """
    kept = sensitive_variables(plan)
    given = {name: reveal(kept[name].source) for name in sorted(asked(plan)) if name in kept}
    other = [
        name
        for name, value in given.items()
        if kept[name].fingerprint and model.fingerprint(key, value) != kept[name].fingerprint
    ]
    if other:
        words = ", ".join(other)
        raise Stale(
            f"variable {words}: the value is not the one that this plan was made with; give that, or plan again"
        )


def refuse_other_plugins(plan: Plan, installed: Mapping[str, str], broken: Mapping[str, str]) -> None:
    """Refuse a plan that was made with plugins which are not here, or not of the same major version.

    Raises:
        PluginError: Naming those that are not here.
        Stale: Naming those of another major version.
    """
    missing = [f"this plan needs plugin {_here(name, broken)}" for name in plan.plugins if name not in installed]
    if missing:
        raise PluginError("\n".join(missing))
    other = [
        f"plugin {name!r} is {installed[name]} here, this plan was made with {version}; plan again"
        for name, version in plan.plugins.items()
        if _major(installed[name]) != _major(version)
    ]
    if other:
        raise Stale("\n".join(other))


def _here(name: str, broken: Mapping[str, str]) -> str:
    return (
        f"{name!r}, which cannot be loaded: {broken[name]}" if name in broken else f"{name!r}, which is not installed"
    )


def _major(version: str) -> str:
    return version.partition(".")[0]


def refuse_estates(
    recorded: Mapping[str, Mapping[str, str]], found: Mapping[str, Mapping[str, str]], what: str
) -> None:
    """Refuse to work on other estates than the recorded ones, by provider key. An estate may say under ``formerly``
    which id it was recorded with by an older version of its provider.

    Raises:
        OtherEstate: A line for each, naming both.
    """
    lines = []
    for key, there in found.items():
        known = recorded.get(key)
        if known is not None and known.get("id") not in (there.get("id"), there.get("formerly", there.get("id"))):
            lines.append(
                f"provider {key!r}: {what} belongs to {known.get('kind')} {known.get('name')!r} ({known.get('id')}), "
                f"these credentials reach {there.get('name')!r} ({there.get('id')}); check host, token and --env"
            )
    if lines:
        raise OtherEstate("\n".join(lines))


def line(finding: Finding) -> str:
    """A finding as one line."""
    words = [finding.location, finding.rule, finding.message + (f"; {finding.hint}" if finding.hint else "")]
    return ": ".join(word for word in words if word)


def protected(changes: Iterable[Change]) -> tuple[Finding, ...]:
    """An error for each change that ``prevent_destroy`` forbids; it is kept in state, so it guards after the block is
    gone."""
    forbidden = [
        change
        for change in changes
        if change.action in (Action.DELETE, Action.REPLACE) and change.lifecycle.prevent_destroy and not change.deposed
    ]
    return tuple(map(_forbidden, forbidden))


def _forbidden(change: Change) -> Finding:
    replaced = change.action is Action.REPLACE
    because = f" ({change.why})" if replaced else ""
    way = "apply the stack once with prevent_destroy=False first"
    if replaced:
        way = "write prevent_destroy=False to let it be replaced"
    elif change.reason is Reason.NOT_IN_STACK:
        way = "put its block back with prevent_destroy=False, apply that, then take it out again"
    text = f"{change.address}: {change.action.value} is forbidden by prevent_destroy{because}"
    return Finding.at(change, "PROTECTED", text, hint=way)


def refuse_limits(plan: Plan) -> None:
    """Refuse what a rule or a limit forbids.

    Raises:
        Denied: Naming each.
    """
    lines = [*(line(finding) for finding in plan.findings if finding.severity == "error"), *over_limits(plan)]
    if lines:
        raise Denied("\n".join(lines))


def over_limits(plan: Plan) -> list[str]:
    """One line for each of the stack's `limits` that the plan is over."""
    lines = []
    deletes = plan.count(Action.DELETE, Action.REPLACE)
    reboots = sum(change.impact.kind in ("reboot", "outage") for change in plan.changes)
    sites = len({site for change in plan.changes for site in change.sites})
    counts = {"max_deletes": deletes, "max_reboots": reboots, "max_sites": sites}
    for name, count in {**counts, "max_commands": len(commands(plan.sources))}.items():
        limit = getattr(plan.limits, name)
        if limit is not None and count > limit:
            lines.append(f"limits({name}={limit}): this plan has {count}; raise it in the stack, or use --target")
    return lines
