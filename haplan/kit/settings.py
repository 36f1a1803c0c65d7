"""Settings of a provider: what the stack says, else the environment; what is missing is told in one sentence."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from haplan.plugin import ProviderError, Secret

HOST = re.compile(r"[A-Za-z0-9_.\-:\[\]]+")


@attrs.frozen
class Setting:
    """One setting.

    Attributes:
        value: Its text; "" where nobody says it.
        source: Where it came from: a variable, the source of a secret, or "" for the stack.
    """

    value: str = attrs.field(repr=False)
    source: str = ""


class Settings:
    """Takes settings one after the other, and knows what is missing in the end.

    Threads: one; made for one opening of a provider.
    """

    def __init__(self, provider: str, environ: Mapping[str, str], secret: Callable[[str], str]) -> None:
        self._provider, self._environ, self._secret = provider, environ, secret
        self._missing: list[str] = []

    def take(self, given: Any, *variables: str, needed: bool = False) -> Setting:
        """What the stack gives, else the first of the variables that says something. A password keeps its spaces."""
        found = self._given(given) or self._of_environment(variables)
        if needed and not found.value.strip():
            self._missing.append(variables[0])
        return found

    def text(self, given: Any, *variables: str, needed: bool = False) -> str:
        """As `take`, without the space around it."""
        return self.take(given, *variables, needed=needed).value.strip()

    def number(self, given: float | None, variable: str, default: float, what: str = "seconds") -> float:
        """A number.

        Raises:
            ProviderError: The variable holds none.
        """
        if given is not None:
            return float(given)
        found = self.text("", variable)
        try:
            return float(found) if found else default
        except ValueError:
            raise ProviderError(f"{self._provider}: {variable} is {found!r}, not a number of {what}") from None

    def complete(self) -> None:
        """Be sure that nothing is missing.

        Raises:
            ProviderError: Names everything that is.
        """
        if self._missing:
            words = ", ".join(self._missing[:-1]) + (" and " if self._missing[1:] else "") + self._missing[-1]
            where = f'in the environment or in provider("{self._provider}", …)'
            raise ProviderError(f"{self._provider}: {words} not set: {where}; --lab needs none")

    def _given(self, given: Any) -> Setting | None:
        if isinstance(given, Secret):
            return Setting(self._secret(given.source).strip("\r\n"), given.source)
        return Setting(str(given)) if given not in ("", None) else None

    def _of_environment(self, variables: tuple[str, ...]) -> Setting:
        found = ((self._environ.get(name, ""), name) for name in variables)
        return next((Setting(value.strip("\r\n"), name) for value, name in found if value.strip()), Setting(""))


def url_of(provider: str, text: str, variable: str, example: str, *, plain: bool = False) -> str:
    """``https://host`` of a host written with or without scheme and path.

    Args:
        plain: ``http://`` is accepted, for this machine only.

    Raises:
        ProviderError: The host is none, or what proves who calls would travel in the clear.
    """
    scheme, found, rest = text.strip().partition("://")
    name = (rest if found else scheme).rstrip("/").removesuffix("/api/v1").rstrip("/")
    scheme = scheme.lower() if found else "https"
    if scheme not in ("http", "https") or not HOST.fullmatch(name):
        raise ProviderError(f"{provider}: {text!r} is not a host: {variable} takes a name such as {example}")
    if scheme == "http" and not (plain and is_loopback(name)):
        raise ProviderError(f"{provider}: {text!r}: credentials would travel in the clear; use https://{name}")
    return f"{scheme}://{name}"


def is_loopback(host: str) -> bool:
    """True for localhost and loopback addresses, with or without port."""
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
