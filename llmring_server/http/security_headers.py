"""What every answer tells a browser, so that nothing here is run, embedded, or kept where others read it."""

# In every answer. What needs a key cannot be embedded anyhow: no tag or form of another page sends one.
NOSNIFF_HEADER = ("X-Content-Type-Options", "nosniff")
# For answers to a key; one that has an ETag says `private, no-cache` instead.
NO_STORE = "no-store"
# Swagger UI sets styles on its elements and draws with data: images; every script is a file of ours.
DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# What comes with a page, beside the policy of what it may run.
PAGE_HEADERS = {"Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin"}
