"""What is written of boxes: the site they belong to, and the hub profile they carry.

Both may be done twice; where no answer says whether it was done, the inventory tells.
"""

from collections.abc import Sequence

from haplan.kit.calls import send_and_look
from haplan.plugin import ProviderError
from haplan_mist.estate import Estate
from haplan_mist.translate.merge import Wire
from haplan_mist.write.steps import Step
from haplan_mist.write.writer import Writer


def change_inventory(writer: Writer, body: Wire, address: str, step: Step) -> None:
    """`PUT /inventory`: 200 even if only part worked, so the body is looked into.

    Raises:
        ProviderError: Names each device and the reason.
    """
    key: Wire = {name: body[name] for name in ("macs", "site_id") if name in body}
    writer.io.about_to(step, address, key, idempotent=True)
    estate = writer.estate

    def came() -> Wire | None:
        told = "managed" not in body  # who writes its configuration is told by no list
        return {} if told and _have(estate, body["macs"], "site_id", body.get("site_id")) else None

    answer = send_and_look(lambda: estate.client.put(estate.path("inventory"), body, what=address), came)
    failed = (answer or {}).get("error") or []
    if failed:
        reasons = "; ".join(map(str, answer.get("reason") or failed))
        raise ProviderError(f"{address}: {step} of {', '.join(map(str, failed))} was refused: {reasons}")


def unassign(writer: Writer, macs: Sequence[str], address: str) -> None:
    """Boxes go back to the inventory."""
    if not macs:
        return
    change_inventory(writer, {"op": "unassign", "macs": list(macs)}, address, Step.UNASSIGN)
    for mac in macs:
        writer.estate.change_device(mac, site_id="")


def assign_profile(
    writer: Writer, profile_id: str, macs: Sequence[str], address: str, *, take_off: bool = False
) -> None:
    """Assign or unassign; an empty `success` means that it was so already."""
    verb, estate, want = "unassign" if take_off else "assign", writer.estate, None if take_off else profile_id
    step = Step.UNASSIGN_PROFILE if take_off else Step.ASSIGN_PROFILE
    writer.io.about_to(step, address, {"profile": profile_id, "macs": list(macs)}, idempotent=True)
    path = estate.path(f"deviceprofiles/{profile_id}/{verb}")
    send_and_look(
        lambda: estate.client.post(path, {"macs": list(macs)}, what=address, idempotent=True),
        lambda: {} if _have(estate, macs, "deviceprofile_id", want) else None,
    )
    for mac in macs:
        estate.change_device(mac, deviceprofile_id=want)


def _have(estate: Estate, macs: Sequence[str], field: str, value: str | None) -> bool:
    """Look again: do all these boxes say so?"""
    estate.outdate(["inventory"])
    records = estate.items("inventory")
    return all(mac in records and (records[mac].get(field) or None) == (value or None) for mac in macs)
