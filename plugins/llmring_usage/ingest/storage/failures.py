"""What an error of the database means for the rows of a batch: decided here, by SQLSTATE."""

from enum import Enum, auto

import psycopg
from psycopg import errors

from llmring_server.http.errors import DATABASE_UNAVAILABLE


class Failure(Enum):
    """The meaning of an error.

    After `RETRY` the batch is sent again, after `NO_PARTITION` when the partition of its month was created. `DUPLICATE`
    is a row that is stored already, `REJECTED` one that cannot be stored, `UNEXPECTED` an error of this server.
    """

    RETRY = auto()
    NO_PARTITION = auto()
    DUPLICATE = auto()
    REJECTED = auto()
    UNEXPECTED = auto()


# The first that applies: a class of errors is after its exceptions.
MEANINGS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], Failure], ...] = (
    (errors.UniqueViolation, Failure.DUPLICATE),
    ((errors.CheckViolation, errors.UndefinedTable), Failure.NO_PARTITION),
    ((errors.DeadlockDetected, errors.SerializationFailure), Failure.RETRY),
    ((errors.ProgramLimitExceeded, errors.StatementTooComplex), Failure.REJECTED),
    ((psycopg.DataError, psycopg.IntegrityError), Failure.REJECTED),
    (DATABASE_UNAVAILABLE, Failure.RETRY),
)


def failure_of(error: Exception) -> Failure:
    """Return the meaning of an error.

    A node of a cluster that was lost in the middle of a statement (`NodeLost`) is a reason to send the batch again,
    which asks whether its rows and its partition are there.
    """
    return next((meaning for kinds, meaning in MEANINGS if isinstance(error, kinds)), Failure.UNEXPECTED)
