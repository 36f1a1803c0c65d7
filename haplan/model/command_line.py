"""Commands that hints tell people to run: with the stack, the environment and the state that they were given."""

import shlex

import attrs


@attrs.frozen(kw_only=True)
class CommandLine:
    """What a command that is told has to repeat.

    Attributes:
        stack: Folder or file; "" where it is the working directory.
        options: Such as ``--lab``.
    """

    stack: str = ""
    options: tuple[str, ...] = ()

    def of(self, *words: str, about: tuple[str, ...] = ()) -> str:
        """A command: its words, the stack, what it is about, and the options."""
        stack = (self.stack,) if self.stack else ()
        return shlex.join(["haplan", *words, *stack, *about, *self.options])
