"""Bearer tokens of routes that no project key opens."""

import hmac

import falcon.asgi
from pydantic import SecretStr

from llmring_server.http.errors import Problem
from llmring_server.http.middleware.authentication import CHALLENGE


class BearerToken:
    """The token in an environment variable; None if it is not set. `feature` begins a sentence: "Metrics are"."""

    def __init__(self, token: SecretStr | None, variable: str, feature: str) -> None:
        self._token = None if token is None else token.get_secret_value().encode()
        self._variable = variable
        self._feature = feature

    def matches(self, text: str) -> bool:
        """Whether a text is the token; compared in constant time."""
        return self._token is not None and hmac.compare_digest(text.encode(), self._token)

    def require(self, req: falcon.asgi.Request) -> None:
        """Check the Authorization header of a request.

        Raises:
            Problem: 403 if no token is set, 401 for another one.
        """
        if self._token is None:
            raise Problem(403, f"{self._feature} disabled. Set {self._variable} and send it as Authorization: Bearer.")
        scheme, _, given = (req.get_header("Authorization") or "").partition(" ")
        if scheme.lower() != "bearer" or not self.matches(given):
            raise Problem(401, f"Send the token in {self._variable} as Authorization: Bearer.", headers=CHALLENGE)
