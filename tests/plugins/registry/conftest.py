"""Fixtures of the registry: a switchable upstream, and servers that fetch from it."""

import pytest
from registry_kit import Upstream


@pytest.fixture
def upstream(small_registry):
    served = Upstream(small_registry)
    yield served
    served.stop()


@pytest.fixture
def serve(llmring_live, upstream):
    """Start a server on `upstream`, with quick refreshes unless told otherwise."""

    def start(**settings):
        given = {"base_url": upstream.url, "timeout_seconds": 5, "retry_seconds": 0.1, **settings}
        return llmring_live(["registry"], registry=given)

    return start
