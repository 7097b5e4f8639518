"""Exceptions: an OSError, and subclasses of it that programs can distinguish."""

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
    """An error of an operation.

    str() returns one line: the operation with its link, parent and namespace, the cause, a hint,
    and the changes that could not be undone.
    """

    errno: int
    """The kernel's error number, or a suitable one if the kernel was not asked."""
    strerror: str
    """The cause, without the rest of the message."""
    kind: ErrorKind
    """The kind of the error."""
    operation: str | None
    """The operation that failed: "add address 10.0.0.2/24"."""
    argument: str | None
    """The argument whose value was refused."""
    link: str | None
    """The link, as named by the caller."""
    parent: str | None
    """The link's parent."""
    netns: str | None
    """A description of the network namespace."""
    kernel_message: str | None
    """The kernel's message, if it gave one."""
    hint: str | None
    """A hint for a solution."""
    leftovers: tuple[str, ...]
    """Changes that could not be undone after the failure; usually empty."""
    holder: Holder | None
    """The machine on the network that has the address, if there is one."""
    network: str | None
    """The name of the network of Networks."""

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
    """An object that was to be created exists."""


class NotFoundError(MacvlanError, FileNotFoundError):
    """A required object does not exist."""


class PermissionDenied(MacvlanError, PermissionError):
    """A capability is missing, or the permission for a file."""


class InvalidError(MacvlanError, ValueError):
    """A value was refused before any system call."""


class TimedOut(MacvlanError, TimeoutError):
    """The operation timed out."""
