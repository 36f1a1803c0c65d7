"""Approvals: signed decisions beside a plan file, and what the policies of a stack want of them."""

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from pathlib import Path

import attrs

from haplan.api.plans import Plan
from haplan.errors import Denied, HaplanError
from haplan.host import signatures
from haplan.host.policies import policies
from haplan.host.policies import span as span
from haplan.host.session import Session
from haplan.model.approval import Approval, Decision, Policy
from haplan.report.approval import approval_text, decision_in
from haplan.state import files
from haplan.steps.authorise import lacking

MOST_FILES, LARGEST = 100, 64_000
"""Decisions on a plan, and bytes of each, at most."""


def folder_of(file: Path) -> Path:
    """Where the decisions on a plan file stand."""
    return file.with_name(f"{file.name}.approvals")


def decide(plan: Plan, file: Path, decision: Decision, key: str = "", environ: Mapping[str, str] | None = None) -> Path:
    """Sign a decision on a plan, and keep it beside the file; gives the signed text.

    Whoever decides again takes back what they said before with the same key.

    Raises:
        HaplanError: It could not be signed or written.
    """
    environ = os.environ if environ is None else environ
    chosen = Path(key) if key else signatures.usual_key(environ.get("HOME", ""))
    text = approval_text(plan.body, plan.digest, decision).encode()
    folder = folder_of(file)
    try:
        folder.mkdir(mode=0o755, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as place:
            draft = Path(place) / "decision.txt"
            draft.write_bytes(text)
            signature = signatures.sign(draft, chosen)
            own = signatures.key_of(text, signature)
            if not own:  # else whatever is not signed would count as one's own, and go
                raise HaplanError(f"{chosen}: what it signed cannot be checked; nothing was kept")
            _take_back(folder, own)
            target = folder / f"{hashlib.sha256(own.encode()).hexdigest()[:16]}.txt"  # two may sign the same text
            signature.replace(_beside(target))
            draft.replace(target)
    except OSError as error:
        raise HaplanError(f"{error.filename or folder}: cannot write this: {error.strerror}") from None
    return target


def _take_back(folder: Path, own: str) -> None:
    for text in sorted(folder.glob("*.txt")):
        if _beside(text).exists() and signatures.key_of(text.read_bytes(), _beside(text)) == own:
            text.unlink()
            _beside(text).unlink()


def _beside(text: Path) -> Path:
    """Where the signature of a text stands, as OpenSSH names it."""
    return text.with_name(f"{text.name}.sig")


def judged(plan: Plan, folder: Path, policy: Policy, now: float) -> tuple[Approval, ...]:
    """The decisions in a folder, each judged by the signers of a policy.

    Raises:
        Denied: There are more than anybody needs: of those that were not read, one might be a no.
    """
    texts = sorted(folder.glob("*.txt"))
    if len(texts) > MOST_FILES:
        raise Denied(f"{folder}: {len(texts)} decisions, and at most {MOST_FILES} are read: take out what is none")
    return tuple(_judged(plan, one, policy, now) for one in texts)


def _judged(plan: Plan, file: Path, policy: Policy, now: float) -> Approval:
    decision: Decision | None = None
    try:
        text = files.read(file, LARGEST)
        decision = decision_in(text.decode())
        if approval_text(plan.body, plan.digest, decision).encode() != text:
            raise signatures.NotSigned("it is a decision on another plan")
        revoked = Path(policy.revoked) if policy.revoked else None
        at = datetime.fromtimestamp(now).strftime("%Y%m%d%H%M%S")  # local: OpenSSH took no Z before 9.1
        who, key = signatures.signer(text, _beside(file), Path(policy.signers), revoked, at)
        found = Approval(file=file.name, decision=decision, who=who, key=key)
        if decision.expires and decision.expires <= now:
            return attrs.evolve(found, wrong="it has expired")
        if policy.longest and decision.yes and not 0 < decision.expires <= now + policy.longest:
            return attrs.evolve(found, wrong=f"it does not expire within {policy.longest // 3600} h")
        return found
    except signatures.NotSigned as error:
        return Approval(file=file.name, decision=decision, key=error.key, wrong=str(error))
    except (OSError, ValueError, HaplanError) as error:
        return Approval(file=file.name, decision=decision, wrong=str(error))


def standing(
    plan: Plan, root: Path, environ: Mapping[str, str]
) -> Iterator[tuple[Policy, tuple[Approval, ...], list[str]]]:
    """Each policy that holds, what was decided by people it knows, and what it still wants.

    Raises:
        HaplanError: A policy cannot be read.
    """
    for policy in policies(root, environ) if not plan.body.origin.lab else ():
        found = judged(plan, folder_of(plan.file), policy, time.time()) if plan.file is not None else ()
        yield policy, found, list(lacking(policy, plan.body, found))


def refuse_unapproved(session: Session, plan: Plan) -> None:
    """Whether the policies of a stack let a plan be carried out.

    Raises:
        Denied: One wants more than was said; a line for each.
    """
    lines = [line for _, _, wants in standing(plan, session.root, session.environ) for line in wants]
    if lines and plan.file is None:
        lines.append("write the plan to a file with --out, have that approved, and apply the file")
    if lines:
        raise Denied("\n".join(lines))


def refuse_ungoverned(session: Session, what: str) -> None:
    """Whether something that is no plan may change a state that a policy holds for.

    Raises:
        Denied: One does.
    """
    for policy in policies(session.root, session.environ) if not session.options.lab else ():
        if any(need.about("outage", session.options.environment) for need in policy.needs):
            raise Denied(f"{policy.place} holds for this state: {what} is no plan that somebody could approve")


def keep(folder: Path, plan: Plan) -> None:
    """Keep a copy of the decisions in the folder of an environment: a run that is gone on with still has them."""
    target = kept_file(folder, plan.digest)
    if plan.file not in (None, target) and folder_of(plan.file).is_dir():
        files.private_folder(target.parent)
        shutil.copytree(folder_of(plan.file), folder_of(target), dirs_exist_ok=True)


def kept_file(folder: Path, digest: str) -> Path:
    """Where the plan of a run would stand, for `folder_of`."""
    return folder / "approvals" / digest.rpartition(":")[2]


def prune(folder: Path, digests: Collection[str]) -> None:
    """Take away the kept decisions on the plans of runs whose records are gone."""
    staying = {folder_of(kept_file(folder, digest)) for digest in digests}
    for place in (folder / "approvals").glob("*.approvals"):
        if place not in staying:
            shutil.rmtree(place, ignore_errors=True)
