"""The key of an unauthenticated client for rate limits, derived from its address."""

import ipaddress


def rate_limit_key(address: str) -> str:
    """Return an IPv4 address as it is, and an IPv6 address as its /64 network, which one client controls."""
    if ":" not in address:
        return address
    try:
        found = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    return str(found.ipv4_mapped or ipaddress.IPv6Network((found.packed[:8] + bytes(8), 64)))
