"""Reception: what happens first to every request, whatever it asks for."""

from llmring_server.cors import Cors
from llmring_server.exchange import AnyRequest, AnyResponse, Said
from llmring_server.security import TAKE_AT_ITS_WORD
from llmring_server.tracing import take_id


class Reception:
    """Middleware: gives a request its id, and its answer what browsers are told in every one.

    It is one component for all of that, because each costs every request a step of its own.
    """

    def __init__(self, cors: Cors) -> None:
        self._cors = cors

    async def process_request(self, req: AnyRequest, resp: AnyResponse) -> None:
        """Receive."""
        take_id(req, resp)
        if not isinstance(resp, Said):
            resp.set_header(*TAKE_AT_ITS_WORD)
        self._cors.allow(req, resp)
