"""Events: each listener of a plugin has a queue of its own, so that one that fails or hangs affects no other."""

from llmring_server.plugins.events.publisher import Events
from llmring_server.plugins.events.queues import ListenerQueue, QueueLimits

__all__ = ["Events", "ListenerQueue", "QueueLimits"]
