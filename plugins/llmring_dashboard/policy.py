"""What a page may do in a browser: show itself, with files of this server, and send forms back to it."""

from llmring_server.security import OF_PAGES, PRIVATE

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cache-Control": PRIVATE,
    "Vary": "Accept, Cookie",
    **OF_PAGES,
}
