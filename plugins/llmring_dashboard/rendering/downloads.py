"""File downloads."""

from llmring_server.plugins.pages.visit import Visit

PROOF = "text/plain; charset=utf-8"
TABLE = "text/csv; charset=utf-8"
ZIP = "application/zip"


def send_file(visit: Visit, content: bytes, media: str, name: str) -> None:
    """Respond with a file."""
    visit.resp.content_type = media
    visit.resp.downloadable_as = name
    visit.resp.data = content
