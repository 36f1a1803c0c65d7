"""Secrets as Junos tells them: ``$9$…`` is no hash, and is turned back.

Each character is told by the distances between a few letters of a fixed alphabet, with some letters of no meaning in
front (the form is public: several tools read and write it).
"""

from collections.abc import Iterable

MARK = "$9$"
HASHES = ("$1$", "$5$", "$6$", "$8$", "$sha1$")
UNREADABLE = frozenset({
    "ascii-text", "auth_key", "authentication-key", "authentication-password", "challenge-password", "chap-secret",
    "default-chap-secret", "default-password", "encrypted-password", "hello-authentication-key", "hexadecimal",
    "local-password", "pap-password", "passphrase", "password", "preauthentication-secret", "privacy-key",
    "privacy-password", "secret", "simple-password",
})  # fmt: skip
"""Leaves that no device tells in plain (vendor YANG: of type unreadable, and the other form of a pre-shared key)."""
_FAMILIES = ("QzF3n6/9CAtpu0O", "B1IREhcSyrleKvMW8LXx", "7N-dVbwsY2g4oaJZGUDj", "iHkq.mPf5T")
_ALPHABET = "".join(_FAMILIES)
_FILLERS = {letter: 3 - at for at, family in enumerate(_FAMILIES) for letter in family}
_WEIGHTS = ((1, 4, 32), (1, 16, 32), (1, 8, 32), (1, 64), (1, 32), (1, 4, 16, 128), (1, 32, 64))


def plain(text: str) -> str:
    """The secret; a text that is not scrambled is one as it stands. "" for what cannot be turned back."""
    if not text.startswith(MARK):
        return "" if text.startswith("$") else text
    rest = text.removeprefix(MARK)
    if not rest or any(letter not in _FILLERS for letter in rest):
        return ""
    last, rest, found = rest[0], rest[1 + _FILLERS[rest[0]] :], bytearray()
    while rest:
        weights = _WEIGHTS[len(found) % len(_WEIGHTS)]
        letters, rest = rest[: len(weights)], rest[len(weights) :]
        if len(letters) < len(weights):
            return ""
        value = 0
        for letter, weight in zip(letters, weights, strict=True):
            value += weight * ((_ALPHABET.index(letter) - _ALPHABET.index(last)) % len(_ALPHABET) - 1)
            last = letter
        found.append(value % 256)
    return found.decode("utf-8", "replace")


def scrambled(text: str) -> str:
    """A secret as a device tells it; always the same for one secret, where a device takes other letters each time."""
    last = _ALPHABET[0]
    told = [last, *(_ALPHABET[1 : 1 + _FILLERS[last]])]
    for at, value in enumerate(text.encode()):
        weights, gaps = _WEIGHTS[at % len(_WEIGHTS)], list[int]()
        for weight in reversed(weights):
            gaps.insert(0, value // weight)
            value %= weight
        for gap in gaps:
            last = _ALPHABET[(_ALPHABET.index(last) + gap + 1) % len(_ALPHABET)]
            told.append(last)
    return MARK + "".join(told)


def is_secret(element: str, values: Iterable[str]) -> bool:
    """True for what a device keeps as a secret, scrambled or in plain: nothing of it is remembered or shown."""
    return element in UNREADABLE or any(one.startswith((MARK, *HASHES)) for one in values)
