"""Security headers: a page may load files from this server and send forms to it, and nothing else."""

from collections.abc import Mapping

from llmring_server.http.security_headers import NO_STORE, PAGE_HEADERS

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'nonce-{nonce}'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
PAGE_HEADERS = {
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cache-Control": NO_STORE,
    "Vary": "Accept, Cookie",
    **PAGE_HEADERS,
}


def build_page_headers(nonce: str) -> Mapping[str, str]:
    """Return the headers of a page; it may use only styles with the `nonce`."""
    return {"Content-Security-Policy": POLICY.format(nonce=nonce), **PAGE_HEADERS}
