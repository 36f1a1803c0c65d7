"""One transaction: edits of the candidate, validate, compare with the plan, commit, read again.

Whatever fails before the commit, the candidate is given up and nothing has changed. What the candidate holds beside the
edits is somebody else's: it is neither committed nor thrown away.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

import attrs

from haplan.design import resources
from haplan.design.resources import GOING
from haplan.kit.calls import Lost
from haplan.plugin import HaplanError, Io, ProviderError, Reason, Task, Tree, Written
from haplan_ssr import rest
from haplan_ssr.estate import Estate
from haplan_ssr.managed import marks, unmanaged
from haplan_ssr.model import evaluate
from haplan_ssr.others import refuse_new
from haplan_ssr.private import Found, Private, found_before
from haplan_ssr.read.resources import identity_of
from haplan_ssr.translate import Terms, translate
from haplan_ssr.translate.edits import any_above, edits, moved, outcome, stands
from haplan_ssr.translate.tree import AUTHORITY, HERE, Flat, Path, is_entry, name_of, nested, parents, same, words
from haplan_ssr.write.committing import Commit
from haplan_ssr.write.ready import refuse_unready, refuse_unwell
from haplan_ssr.write.receipt import receipt
from haplan_ssr.write.scope import refuse_moved, scope
from haplan_ssr.write.sending import Sender, send
from haplan_ssr.write.steps import Step
from haplan_ssr.write.work import Work, reached, routers_of, touched

TRIES = 3
"""How often the edits are made, when what became of one of them is not known."""
PAUSE = 6.0
"""Seconds between two of these."""
SEPARATORS = re.compile(r"[/,\[\]'\s]+")
"""What stands between the words of a path in a message."""


@attrs.frozen(kw_only=True)
class Writer:
    """What a transaction is written with.

    Attributes:
        estate: The conductor.
        terms: What the translation goes by.
        io: Whom to tell.
        tell: Takes a line for people.
        discard: Throw away whatever is found in the candidate.
    """

    estate: Estate
    terms: Terms
    io: Io
    tell: Callable[[str], None]
    discard: bool = False


def write(task: Task, writer: Writer) -> Written:
    """Carry out a transaction.

    Raises:
        ProviderError: Refused by us or by the conductor; nothing has changed, unless the error is `lost`.
        Stale: Somebody else committed something that does not go together with it.
    """
    refuse_unready(writer.estate, task)
    work = prepare(task, writer)
    if work.edits:
        refuse_unwell(writer.estate, task, work.before, work.after, reached(task, work))
        _refuse_dirty(work, writer)
        _carry_out(work, writer)
    return _written(task, work)


def prepare(task: Task, writer: Writer) -> Work:
    """Work out what a transaction has to change."""
    known = resources.recorded(task.recorded)
    live, before = writer.estate.running(), translate(known.values(), writer.terms)
    after = translate(resources.changed(known, task.parts).values(), writer.terms)
    mine = {part.change.address for part in task.parts if part.change.action not in GOING}
    errors = [f"{one.address}: {one.text}" for one in after.errors() if one.address in mine]
    if errors:
        raise ProviderError("; ".join(errors))
    bare = unmanaged(writer.terms, before, task.recorded, live)
    before, after = bare.without(before), bare.without(after)
    about = scope(task, before, after)
    refuse_moved(task, about, before, after, live)
    owned, wanted = ({path: value for path, value in one.flat().items() if path in about} for one in (before, after))
    if not _resumed(task):
        refuse_new(task, live, owned, wanted, before, found_before(task.recorded.values()))
    found = _found(task, live, owned, wanted)
    made = outcome(live, owned, wanted, found)
    try:
        way = edits(live, made)
    except ValueError as error:
        raise ProviderError(f"{task.parts[0].change.address}: {error}") from None
    return Work(
        address=task.parts[0].change.address,
        live=live,
        wanted=made,
        edits=way,
        before=before,
        after=after,
        mine=about,
        found=found,
    )


def _found(task: Task, live: Flat, owned: Flat, wanted: Flat) -> Found:
    """What was there before haplan: as recorded, and what this transaction is the first to want.

    What it finds after a dead run, that run had made; but for a security policy, which conductors mostly come with.
    """
    found = found_before(task.recorded.values())
    for path in wanted:
        ours = path in owned or path in found or (_resumed(task) and name_of(path[1]) != "security")
        if path in live and not ours:
            found[path] = None if is_entry(path) else live[path]
    return found


def _resumed(task: Task) -> bool:
    """True for one that goes on with what a dead run left."""
    return any(part.change.reason is Reason.RESUMED for part in task.parts)


# --- The candidate ----------------------------------------------------------------------------------------------------


def _refuse_dirty(work: Work, writer: Writer) -> None:
    """Begin with a clean candidate.

    Raises:
        ProviderError: It holds somebody's uncommitted changes.
    """
    client = writer.estate.client
    said = client.version()
    if not rest.is_dirty(said):
        return
    candidate = writer.estate.candidate()
    strange = _strange(work, candidate)
    if strange and not writer.discard:
        whose = rest.whose(said) or "somebody, or of an interrupted apply of another plan"
        raise ProviderError(
            f"{work.address}: the candidate holds uncommitted changes of {whose}: {_some(strange)}; nothing was sent: "
            'commit or revert them on the conductor, or throw them away with provider("ssr", discard_candidate=True)'
        )
    what = _some(strange) if strange else "all of it is in this plan"
    writer.tell(f"ssr: the candidate held uncommitted changes ({what}); reverted")
    client.revert()


def _strange(work: Work, candidate: Flat) -> list[Path]:
    """What is in the candidate, and neither runs nor is on the way to what this transaction wants."""
    rebuilt = {edit.path for edit in work.edits if edit.method == "DELETE"}
    return [path for path in moved(work.live, candidate) if not _on_the_way(path, work, candidate, rebuilt)]


def _on_the_way(path: Path, work: Work, candidate: Flat, rebuilt: set[Path]) -> bool:
    if path in candidate:
        value = candidate[path]
        return path in work.wanted and (value is HERE or same(work.wanted[path], value))
    return path not in work.wanted or path in rebuilt or any_above(path, rebuilt)


def _some(paths: Sequence[Path]) -> str:
    among = set(paths)
    shown = [words(path) for path in paths if not any_above(path, among)]
    return ", ".join(shown[:3]) + (f" and {len(shown) - 3} more" if len(shown) > 3 else "")


def _carry_out(work: Work, writer: Writer) -> None:
    io = writer.io
    # one intent for all of it: what is only in the candidate has not happened
    io.about_to(Step.COMMIT, work.address, {"edits": len(work.edits)}, idempotent=True)
    _edit(work, writer)
    Commit(
        address=work.address,
        estate=writer.estate,
        io=io,
        tell=writer.tell,
        missing=partial(moved_of, work),
        waits=partial(_waits_for_commit, work, writer),
        give_up=partial(_give_up, work, writer),
        told=partial(told, work=work, severity="error"),
    ).carry_out()


def _edit(work: Work, writer: Writer) -> None:
    """Bring the candidate to what was planned; where nobody knows what became of an edit, all of them are made again.

    Raises:
        ProviderError: It could not be; the candidate is as it was found.
    """
    for left in reversed(range(TRIES)):
        try:
            _send(work, writer)
            _validate(work, writer)
            _compare(work, writer)
            writer.io.still()
            return
        except Lost as error:
            clean = _give_up(work, writer)
            if not (left and clean):
                raise ProviderError(f"{error}; nothing was committed") from None
            writer.estate.clock.sleep(PAUSE)
            writer.io.still()
        except HaplanError:
            _give_up(work, writer)
            raise


def _send(work: Work, writer: Writer) -> None:
    sender = Sender(
        estate=writer.estate,
        title=lambda edit: _sources(edit.path, work)[0] or work.address,
        progress=writer.io.progress,
        undo=lambda: _give_up(work, writer),
    )
    send(work.edits, sender)


def _validate(work: Work, writer: Writer) -> None:
    said = writer.estate.client.validate()
    for line in told(said, work, "warning"):
        writer.tell(f"ssr: the conductor warns: {line}")
    errors = told(said, work, "error")
    if errors:
        raise ProviderError(f"the conductor does not accept it, nothing was committed: {'; '.join(errors)}")


def told(said: Sequence[rest.Complaint], work: Work, severity: str) -> list[str]:
    """Messages of one severity, each once, with the resources they concern."""
    lines = [line for one in said if one.severity == severity for line in _told(one, work)]
    return list(dict.fromkeys(lines))


def _told(said: rest.Complaint, work: Work) -> list[str]:
    """A message for each resource whose part of the authority it is about; the vendor's model says where it arises."""
    message = said.message.strip()
    where = _place(" ".join(said.where), work)
    if where is not None:
        return [f"{where[1]}: {words(where[0])}: {message}"]
    tree = {"authority": nested(work.wanted, AUTHORITY)}
    found = [_place(" ".join(one.path), work) for one in evaluate(tree).problems if one.message.strip() == message]
    lines = [f"{address}: {words(path)}: {message}" for path, address in (one for one in found if one is not None)]
    return lines or [f"{message} {' '.join(said.where)}".strip()]


def _place(text: str, work: Work) -> tuple[Path, str] | None:
    """The deepest path of what is wanted that a text names, and its resource."""
    at = f" {SEPARATORS.sub(' ', text)} "
    best: tuple[Path, str] | None = None
    for path, given in work.after.entries.items():
        if f" {' '.join(words(path).split())} " in at and (best is None or len(path) > len(best[0])):
            best = (path, given.sources[0].address)
    return best


def _sources(path: Path, work: Work) -> tuple[str, ...]:
    for one in (path, *parents(path)):
        given = work.after.entries.get(one) or work.before.entries.get(one)
        if given is not None:
            return tuple(source.address for source in given.sources)
    return ("",)


def _compare(work: Work, writer: Writer) -> None:
    """Look at the candidate before it becomes what runs.

    Raises:
        ProviderError: It holds something else than was planned.
    """
    candidate = writer.estate.candidate()
    strange = moved(work.wanted, candidate)
    if strange:
        raise ProviderError(
            f"{work.address}: the candidate is not what was planned, so it was not committed: {_some(strange)}; "
            "somebody else edits it, or the conductor took the edits in another way"
        )


def _give_up(work: Work, writer: Writer) -> bool:
    """Leave the candidate as it was found. What others put into it meanwhile stays; a failure here is only told.

    Gives whether it is clean.
    """
    client = writer.estate.client
    try:
        candidate = writer.estate.candidate()
        strange = _strange(work, candidate)
        if not strange:
            client.revert()
            return True
        own = [path for path in moved(work.live, candidate) if path not in set(strange)]
        for edit in edits(candidate, _put_back(candidate, work.live, own)):
            client.edit(edit.method, edit.url, edit.body, f"{work.address}: take back")
        writer.tell(f"ssr: the candidate still holds what somebody else is editing: {_some(strange)}")
    except (HaplanError, ValueError) as error:
        writer.tell(f"ssr: the candidate could not be reverted ({error}); the next apply looks at it")
    return False


def _put_back(candidate: Flat, live: Flat, paths: Iterable[Path]) -> Flat:
    own = set(paths)
    kept = {path: value for path, value in candidate.items() if path not in own and not any_above(path, own - {*live})}
    return {**kept, **{path: live[path] for path in own if path in live}}


# --- After the commit -------------------------------------------------------------------------------------------------


def _waits_for_commit(work: Work, writer: Writer) -> bool:
    """True if the candidate holds what was planned, and nothing else."""
    return rest.is_dirty(writer.estate.client.version()) and not moved(work.wanted, writer.estate.candidate())


def moved_of(work: Work, running: Flat) -> list[Path]:
    """Of what this transaction wants and wants gone, what is not so."""
    wanted = [
        path for path, value in work.after.flat().items() if path in work.mine and not stands(running, path, value)
    ]
    gone = [
        path for path in work.before.entries
        if path in work.mine and path in running and path not in work.wanted
    ]  # fmt: skip
    return [*wanted, *gone]


def _written(task: Task, work: Work) -> Written:
    """Names are ids; what was there before is remembered by every resource that has a part in it."""
    ids: dict[str, str] = {}
    private: dict[str, Mapping[str, Tree]] = {}
    shares: dict[str, Found] = {}
    for path, value in work.found.items():
        given = work.after.entries.get(path)
        for source in given.sources if given is not None else ():
            shares.setdefault(source.address, {})[path] = value
    staying = [part.change for part in task.parts if part.change.action not in GOING]
    managed = marks(work.after, [change.address for change in staying])
    for change in staying:
        ids[change.address] = identity_of(change.type, change.name)
        kept = Private(found=shares.get(change.address, {}), managed=managed.get(change.address, {}))
        private[change.address] = kept.plain()
    values = {address: {"id": identity} for address, identity in ids.items()}
    mine = touched(work.before, work.after) | routers_of(work.edits)
    if _resumed(task):  # then it may stand in the rows already
        mine |= {name for part in task.parts for name in work.after.routers.get(part.change.address, ())}
    left = receipt(
        work.before,
        work.after,
        touched=mine,
        served=reached(task, work) if work.edits else (),
        addresses=[part.change.address for part in task.parts],
    )
    return Written(ids=ids, values=values, private=private, settling=bool(left.routers), receipt=left.plain())
