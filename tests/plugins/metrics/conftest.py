"""Servers whose metrics can be read."""

import pytest
from metrics_kit import TOKEN


@pytest.fixture
def serve(llmring_live):
    """Start a server with metrics and further plugins; settings of metrics by keyword."""

    def start(*plugins, **settings):
        return llmring_live(["metrics", *plugins], metrics={"token": TOKEN, **settings})

    return start
