"""What can go wrong: an OSError, and subclasses of it for what programs tell apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from macvlan._enums import ErrorKind

if TYPE_CHECKING:
    from macvlan._values import Holder

__all__ = [
    "ExistsError",
    "InvalidError",
    "MacvlanError",
    "NotFoundError",
    "PermissionDenied",
    "TimedOut",
]


class MacvlanError(OSError):
    """Why something could not be done.

    str() gives one line: on which link, parent and namespace, what was attempted, why it failed,
    what to do about it, and what could not be undone.
    """

    errno: int
    """The kernel's error number; where the kernel was not asked, the one that fits."""
    strerror: str
    """Why it failed, without the rest of the message."""
    kind: ErrorKind
    """What kind of failure this is."""
    operation: str | None
    """What was attempted: "add address 10.0.0.2/24"."""
    argument: str | None
    """The argument whose value was refused."""
    link: str | None
    """The link that it was attempted on."""
    parent: str | None
    """The parent that the link was to hang on."""
    netns: str | None
    """The network namespace that it was attempted in, in words."""
    kernel_message: str | None
    """The kernel's own words, where it gave any."""
    hint: str | None
    """What the reader can do about it."""
    leftovers: tuple[str, ...]
    """What had been done before the failure and could not be undone; empty when nothing remains."""
    holder: Holder | None
    """Who has the address, where somebody else on the network was found to have it."""
    network: str | None
    """The network of Networks that it was attempted in, by name."""

    def __init__(
        self,
        errno: int,
        strerror: str,
        *,
        kind: ErrorKind | str = ErrorKind.SYSTEM,
        message: str | None = None,
        operation: str | None = None,
        argument: str | None = None,
        link: str | None = None,
        parent: str | None = None,
        netns: str | None = None,
        kernel_message: str | None = None,
        hint: str | None = None,
        leftovers: tuple[str, ...] = (),
        holder: Holder | None = None,
        network: str | None = None,
    ) -> None:
        super().__init__(errno, strerror)
        self.kind = ErrorKind(kind)
        self.operation = operation
        self.argument = argument
        self.link = link
        self.parent = parent
        self.netns = netns
        self.kernel_message = kernel_message
        self.hint = hint
        self.leftovers = leftovers
        self.holder = holder
        self.network = network
        self._message = message

    def __str__(self) -> str:
        return self._message or super().__str__()


class ExistsError(MacvlanError, FileExistsError):
    """Something that was to be created is there already."""


class NotFoundError(MacvlanError, FileNotFoundError):
    """Something that was needed is not there."""


class PermissionDenied(MacvlanError, PermissionError):
    """A capability is missing."""


class InvalidError(MacvlanError, ValueError):
    """A value was refused before any system call."""


class TimedOut(MacvlanError, TimeoutError):
    """What was waited for did not come in time."""
