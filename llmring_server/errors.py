"""The errors that stop a start."""


class StartupError(Exception):
    """The server cannot start as configured; the message names the plugins involved and the fix.

    The command line prints it on one line and exits with status 1.
    """


class DatabaseDown(StartupError):
    """The database does not answer; a later start may succeed."""
