"""The structs of spending."""

from decimal import Decimal

import msgspec


class Spent(msgspec.Struct, frozen=True):
    """A row: calls and their total cost in USD."""

    calls: int
    cost: Decimal


class Spending(msgspec.Struct, frozen=True):
    """What a project has spent so far, and its limit, in USD."""

    calls: int
    cost: Decimal
    limit: Decimal
