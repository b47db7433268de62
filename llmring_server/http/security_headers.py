"""Security headers: against MIME sniffing, framing and shared caching in browsers."""

# In every response. Routes that need a key cannot be embedded: no tag or form of another page sends one.
NOSNIFF_HEADER = ("X-Content-Type-Options", "nosniff")
# For responses to requests with a key; those with an ETag have `private, no-cache` instead.
NO_STORE = "no-store"
# Swagger UI sets inline styles and uses data: images; every script is a file of this server.
DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# The headers of a page besides its content security policy.
PAGE_HEADERS = {"Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin"}
