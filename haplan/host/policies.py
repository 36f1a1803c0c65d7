"""The approval policies that hold for a stack: files, of which the strictest answer counts.

Each that is there holds beside the others: ``/etc/haplan/approval.toml``, the file that ``HAPLAN_APPROVAL_POLICY``
names, and ``approval.toml`` beside the stack. So a variable or a stack can add a need, and take none away.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from haplan.errors import HaplanError
from haplan.language.record import nearest
from haplan.model.approval import Need, Policy
from haplan.model.plan import IMPACTS
from haplan.model.value import Tree
from haplan.state import files

VARIABLE = "HAPLAN_APPROVAL_POLICY"
OF_THE_MACHINE = Path("/etc/haplan/approval.toml")
BESIDE = "approval.toml"
"""Name of the policy beside a stack."""
_UNITS = {"m": 60, "h": 3600, "d": 86400}
_SPAN = re.compile(r"([0-9]{1,5})([mhd])")
_POLICY = ("signers", "revoked", "longest", "vetoes", "roles", "authors", "need")
_NEED = ("impact", "environment", "approvals", "roles")


def policies(root: Path, environ: Mapping[str, str], machine: Path = OF_THE_MACHINE) -> tuple[Policy, ...]:
    """All that hold for the stack in a folder.

    Raises:
        HaplanError: One is named and not there, or says something that cannot be; nothing is let through by a mistake.
    """
    named = environ.get(VARIABLE, "")
    places = [one for one in (machine, root / BESIDE) if one.exists()]
    return tuple(read_policy(one) for one in dict.fromkeys([*([Path(named)] if named else []), *places]))


def span(text: str) -> int:
    """Seconds of ``90m``, ``24h`` or ``3d``.

    Raises:
        ValueError: It is none.
    """
    found = _SPAN.fullmatch(text)
    if found is None or not int(found[1]):
        raise ValueError(f"{text!r} is no span such as 90m, 24h or 3d")
    return int(found[1]) * _UNITS[found[2]]


def read_policy(path: Path) -> Policy:
    """The policy of a file, with the lists that it names.

    Raises:
        HaplanError: It cannot be read, or says something that cannot be.
    """
    import tomllib  # most stacks have no policy

    try:
        content = files.read(path)
        said = tomllib.loads(content.decode())
        signers, revoked = _list(path, said, "signers", True), _list(path, said, "revoked", False)
        kept = [content, *(Path(one).read_bytes() for one in (signers, revoked) if one)]
        return _policy(path, said, signers, revoked, hashlib.sha256(b"\0".join(kept)).hexdigest())
    except OSError as error:
        raise HaplanError(f"{error.filename or path}: cannot read this policy: {error.strerror}") from None
    except (ValueError, TypeError) as error:  # also what is no TOML, or no text
        raise HaplanError(f"{path}: {error}") from None


def _list(path: Path, said: Mapping[str, Tree], name: str, required: bool) -> str:
    given = said.get(name, "")
    if not isinstance(given, str) or (required and not given):
        raise ValueError(f"{name}: the file with {'who may sign' if required else 'revoked keys'} is due, as text")
    return str(path.parent / given) if given else ""


def _policy(path: Path, said: Mapping[str, Tree], signers: str, revoked: str, digest: str) -> Policy:
    _known(said, _POLICY, "")
    roles = {name: _texts(people, f"roles.{name}") for name, people in _table(said, "roles").items()}
    needs = said.get("need", [])
    if not isinstance(needs, list) or not needs:
        raise ValueError("need: at least one [[need]] is due, else nothing is asked for")
    vetoes = _texts(said.get("vetoes", []), "vetoes")
    for role in vetoes:
        _role(role, roles, "vetoes")
    authors = _table(said, "authors")
    return Policy(
        place=str(path), digest=digest, signers=signers, revoked=revoked, roles=roles, vetoes=vetoes,
        authors={str(name): _text(who, f"authors.{name}") for name, who in authors.items()},
        needs=tuple(_need(one, f"need[{at}]", roles) for at, one in enumerate(needs)),
        longest=span(_text(said["longest"], "longest")) if "longest" in said else 0,
    )  # fmt: skip


def _need(said: Tree, at: str, roles: Mapping[str, tuple[str, ...]]) -> Need:
    if not isinstance(said, dict):
        raise ValueError(f"{at}: a table is due")
    _known(said, _NEED, f"{at}.")
    impact = said.get("impact", "none")
    if impact not in IMPACTS:
        raise ValueError(
            f"{at}.impact: one of {', '.join(IMPACTS)} is due, got {impact!r}{nearest(str(impact), IMPACTS)}"
        )
    wanted = {role: _whole(count, f"{at}.roles.{role}") for role, count in _table(said, "roles").items()}
    for role, count in wanted.items():
        _role(role, roles, f"{at}.roles")
        if count > len(roles[role]):
            raise ValueError(f"{at}.roles.{role}: {count} are due, and only {len(roles[role])} have it")
    return Need(
        impact=impact, environment=_text(said.get("environment", "*"), f"{at}.environment"),
        approvals=_whole(said.get("approvals", 1), f"{at}.approvals"), roles=wanted,
    )  # fmt: skip


def _known(said: Mapping[str, Tree], names: Iterable[str], at: str) -> None:
    names = list(names)
    for name in said:
        if name not in names:
            raise ValueError(f"{at}{name}: no policy has that{nearest(name, names)}; there are: {', '.join(names)}")


def _role(role: str, roles: Mapping[str, Tree], at: str) -> None:
    if role not in roles:
        raise ValueError(f"{at}: no role {role!r} under [roles]{nearest(role, list(roles))}")


def _table(said: Mapping[str, Tree], name: str) -> Mapping[str, Tree]:
    found = said.get(name, {})
    if not isinstance(found, dict):
        raise ValueError(f"{name}: a table is due")
    return found


def _texts(said: Tree, at: str) -> tuple[str, ...]:
    if not isinstance(said, list):
        raise ValueError(f"{at}: a list of texts is due")
    return tuple(_text(one, at) for one in said)


def _text(said: Tree, at: str) -> str:
    if not isinstance(said, str) or not said:
        raise ValueError(f"{at}: text is due, got {said!r}")
    return said


def _whole(said: Tree, at: str) -> int:
    if not isinstance(said, int) or isinstance(said, bool) or not 1 <= said <= 100:
        raise ValueError(f"{at}: a number from 1 to 100 is due, got {said!r}")
    return said
