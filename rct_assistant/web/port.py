"""Take the address that the chat is served on, or say in one line why it cannot be used. Nothing slow is imported for that."""

from __future__ import annotations

import errno
import socket

from rct_assistant.errors import UsageError


def check_port(host: str, port: int) -> None:
    """Raise UsageError with one line if the address cannot be used, before anything slow is done."""
    take_port(host, port).close()


def take_port(host: str, port: int) -> socket.socket:
    """Return a socket that listens at the address; raises UsageError as `check_port` does."""
    kind = socket.SOCK_STREAM
    if not host:  # it would mean every address, which must be asked for by name
        raise UsageError(_no_host(host))
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=kind)[0]
    except (OSError, UnicodeError) as error:
        raise UsageError(_no_host(host)) from error
    taken = socket.socket(family, kind)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
        taken.listen(128)
    except OSError as error:
        taken.close()
        raise UsageError(_complaint(host, port, error)) from error
    return taken


def _complaint(host: str, port: int, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            found = f"found port {port} on {host} in use by another program"
            return f"{found}, expected a free one; stop that program or choose another with --port"
        case errno.EACCES:
            return f"found port {port}, which needs special rights, expected one from 1024 up; choose it with --port"
        case errno.EADDRNOTAVAIL:
            return _no_host(host)
        case _:
            return f"found {host}:{port} unusable ({error.strerror}), expected a free one; choose it with --host and --port"


def _no_host(host: str) -> str:
    return f"found host {host!r}, expected an address of this computer such as 127.0.0.1; choose it with --host"
