"""Where webhooks may lead: the hosts that the administrator lists (WEBHOOK_HOSTS), and no address behind them that is
this machine's own or its network's.

The name is resolved once and the connection goes to the address that was checked, so that a name server cannot
answer twice differently.
"""

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

MAX_LENGTH = 500
PORTS = {"http": 80, "https": 443}
#: Where clouds answer machines with their own secrets. (169.254.0.0/16 is refused as a whole.)
METADATA = tuple(ipaddress.ip_network(net) for net in ("100.100.100.200/32", "192.0.0.0/24", "fd00:ec2::/32"))
THIS_NETWORK = ipaddress.ip_network("0.0.0.0/8")
#: IPv4 seen from IPv6: the last four bytes are the address that is meant.
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotAllowed(ValueError):
    """The portal does not go there; the message says why, in Indonesian."""


@dataclass(frozen=True)
class Target:
    """An allowed address. `path` holds the query too."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def header(self) -> str:
        """As the Host header names it."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == PORTS[self.scheme] else f"{name}:{self.port}"


def is_on() -> bool:
    return bool(settings.WEBHOOK_HOSTS)


def target_of(url: str) -> Target:
    """What `url` leads to. Raises `NotAllowed`; asks no name server."""
    if len(url) > MAX_LENGTH or not url.isascii() or not url.isprintable() or {" ", "\\", '"', "<", ">"} & set(url):
        raise NotAllowed("Tulis alamat tanpa spasi dan tanda khusus, misalnya https://nama.contoh.go.id/terima.")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise NotAllowed("Alamat ini tidak dapat dibaca.") from None
    if parts.scheme not in PORTS or not host:
        raise NotAllowed("Tulis alamat yang diawali https://, misalnya https://nama.contoh.go.id/terima.")
    if "@" in parts.netloc:
        raise NotAllowed("Alamat tidak boleh memuat nama pengguna atau sandi.")
    if "#" in url:
        raise NotAllowed("Hapus bagian alamat sesudah tanda #.")
    port = PORTS[parts.scheme] if port is None else port
    wanted = (parts.scheme, host, port)
    if wanted not in {(allowed.scheme, allowed.host, allowed.port) for allowed in settings.WEBHOOK_HOSTS}:
        shown = f"{parts.scheme}://{parts.netloc}"
        allowed = ", ".join(allowed_hosts()) or "tidak ada"
        raise NotAllowed(f"{shown} tidak diizinkan oleh administrator. Yang diizinkan: {allowed}.")
    path = parts.path or "/"
    return Target(parts.scheme, host, port, f"{path}?{parts.query}" if parts.query else path)


def allowed_hosts() -> list[str]:
    """As they are written in an address: "https://nama.contoh.go.id:8443"."""
    targets = [Target(each.scheme, each.host, each.port, "/") for each in settings.WEBHOOK_HOSTS]
    return sorted(f"{target.scheme}://{target.header}" for target in targets)


def checked_addresses(target: Target) -> list[str]:
    """The numbers behind the name, all of which the portal may connect to. Raises `NotAllowed`, `OSError`."""
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    numbers = list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
    if _is_listed_as_such(target.host):
        return numbers
    if forbidden := [number for number in numbers if is_forbidden(number)]:
        raise NotAllowed(f"{target.host} menunjuk ke {forbidden[0]}, alamat mesin ini atau jaringannya sendiri.")
    return numbers


def _is_listed_as_such(host: str) -> bool:
    """A number, or this machine by name: the administrator wrote in so many words where it leads."""
    if host == "localhost":
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_forbidden(number: str) -> bool:
    """Whether a connection would reach this machine, its link, a group, or a cloud's own service."""
    address = _meant(ipaddress.ip_address(number.partition("%")[0]))
    return (
        address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address.is_reserved
        or any(address.version == net.version and address in net for net in (*METADATA, THIS_NETWORK))
    )


def _meant(address: Address) -> Address:
    """The IPv4 address that one of IPv6 stands for, else the address itself."""
    if not isinstance(address, ipaddress.IPv6Address):
        return address
    if address in TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)
