"""Where a provider sends to, as its settings say it: for the plan, and for whoever is asked about it."""

from collections.abc import Mapping
from typing import Any

from haplan.plugin import Destination, Secret


def of_service(
    host: Any,
    variable: str,
    environ: Mapping[str, str],
    *,
    ca_file: Any = "",
    fingerprint: str = "",
    verify: bool = True,
    proxy: Any = "",
) -> tuple[Destination, ...]:
    """The one host of an HTTP service; none where neither the setting nor the variable names it.

    Args:
        host: The setting.
        variable: The environment variable that stands in for it.
        environ: The environment.
        ca_file, fingerprint, verify, proxy: Settings: what the environment says of these is the machine's own affair.
    """
    name = said(host) or environ.get(variable, "").strip()
    if not name:
        return ()
    trust = [f"certificates in {said(ca_file)}"] if said(ca_file) else []
    trust += [f"the certificate {fingerprint.lower().removeprefix('sha256:').replace(':', '')}"] if fingerprint else []
    via = (_address(said(proxy)),) if said(proxy) else ()
    return (Destination(host=_address(name), trust=", ".join(trust), verify=verify, via=via),)


def said(setting: Any) -> str:
    """A setting as text; of a secret where it comes from, since that is all that may be said of it."""
    return f"what {setting.source} gives" if isinstance(setting, Secret) else str(setting or "").strip()


def _address(text: str) -> str:
    """Host and port, however they were written; without a user and a password in front."""
    rest = text.partition("://")[2] if "://" in text else text
    return rest.partition("/")[0].rpartition("@")[2].lower()
