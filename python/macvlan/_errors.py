"""What can go wrong: an OSError, and subclasses of it for what programs tell apart."""

from __future__ import annotations

import errno as errnos
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


_CLASSES: dict[str, type[MacvlanError]] = {
    "exists": ExistsError,
    "not-found": NotFoundError,
    "permission-denied": PermissionDenied,
    "invalid-value": InvalidError,
    "timed-out": TimedOut,
}

# Where the kernel was not asked, or did not answer.
_ERRNOS = {
    ErrorKind.INVALID_VALUE: errnos.EINVAL,
    ErrorKind.PARENT_NOT_FOUND: errnos.ENODEV,
    ErrorKind.PARENT_BUSY: errnos.EBUSY,
    ErrorKind.PASSTHRU_CONFLICT: errnos.EBUSY,
    ErrorKind.MTU_TOO_LARGE: errnos.EINVAL,
    ErrorKind.NAME_TAKEN: errnos.EEXIST,
    ErrorKind.MAC_IN_USE: errnos.EADDRINUSE,
    ErrorKind.ADDRESS_TAKEN: errnos.EEXIST,
    ErrorKind.ROUTE_EXISTS: errnos.EEXIST,
    ErrorKind.GATEWAY_UNREACHABLE: errnos.ENETUNREACH,
    ErrorKind.NAMESPACE_GONE: errnos.ENOENT,
    ErrorKind.NOT_A_NAMESPACE: errnos.EINVAL,
    ErrorKind.PERMISSION_DENIED: errnos.EPERM,
    ErrorKind.UNSUPPORTED: errnos.EOPNOTSUPP,
    ErrorKind.NOT_FOUND: errnos.ENOENT,
    ErrorKind.EXISTS: errnos.EEXIST,
    ErrorKind.IPV6_DISABLED: errnos.EOPNOTSUPP,
    ErrorKind.PROTOCOL: errnos.EPROTO,
    ErrorKind.INTERRUPTED: errnos.EINTR,
    ErrorKind.PARENT_DOWN: errnos.ENETDOWN,
    ErrorKind.NEEDS_REPLACEMENT: errnos.EBUSY,
    ErrorKind.ADDRESS_IN_USE: errnos.EADDRINUSE,
    ErrorKind.TIMED_OUT: errnos.ETIMEDOUT,
    ErrorKind.BUG: errnos.ENOTRECOVERABLE,
    ErrorKind.NETWORK_EXISTS: errnos.EEXIST,
    ErrorKind.NETWORK_NOT_FOUND: errnos.ENOENT,
    ErrorKind.NETWORK_IN_USE: errnos.EBUSY,
    ErrorKind.SUBNET_OVERLAPS: errnos.EADDRINUSE,
    ErrorKind.PARENT_CLASH: errnos.EBUSY,
    ErrorKind.NO_FREE_SUBNET: errnos.ENOSPC,
    ErrorKind.POOL_EXHAUSTED: errnos.ENOSPC,
    ErrorKind.ADDRESS_FOREIGN: errnos.EADDRINUSE,
    ErrorKind.ADDRESS_UNUSABLE: errnos.EADDRNOTAVAIL,
    ErrorKind.ALREADY_CONNECTED: errnos.EISCONN,
    ErrorKind.NOT_CONNECTED: errnos.ENOTCONN,
    ErrorKind.KERNEL: errnos.EIO,
    ErrorKind.STORE_UNAVAILABLE: errnos.EAGAIN,
    ErrorKind.STORE_UNUSABLE: errnos.EBADMSG,
    ErrorKind.CONTENDED: errnos.EAGAIN,
    ErrorKind.FILE: errnos.EIO,
}


def make(
    family: str,
    errno: int | None,
    cause: str,
    *,
    kind: str,
    message: str,
    operation: str,
    argument: str | None = None,
    link: str | None = None,
    parent: str | None = None,
    netns: str | None = None,
    kernel_message: str | None = None,
    hint: str | None = None,
    leftovers: tuple[str, ...] = (),
    holder: Holder | None = None,
    network: str | None = None,
) -> MacvlanError:
    """The exception for an error of the core, or of a network; the extension module calls it."""
    try:
        known = ErrorKind(kind)
    except ValueError:  # the core knows more than we do
        known = ErrorKind.SYSTEM
    if argument is not None and known is ErrorKind.INVALID_VALUE:
        message = f"argument '{argument}': {message}"
    return _CLASSES.get(family, MacvlanError)(
        _ERRNOS.get(known, errnos.EIO) if errno is None else errno,
        cause,
        kind=known,
        message=message,
        operation=operation,
        argument=argument,
        link=link,
        parent=parent,
        netns=netns,
        kernel_message=kernel_message,
        hint=hint,
        leftovers=leftovers,
        holder=holder,
        network=network,
    )
