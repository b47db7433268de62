"""Who counts as one client where there is no key yet: its address, or what one customer of a network has."""

import ipaddress


def rate_limit_key(address: str) -> str:
    """Return what counts as one client: an IPv4 address, or the /64 that a single IPv6 client commands."""
    if ":" not in address:
        return address
    try:
        found = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    return str(found.ipv4_mapped or ipaddress.IPv6Network((found.packed[:8] + bytes(8), 64)))
