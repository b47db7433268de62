"""The error that stops a start."""


class StartupError(Exception):
    """The server cannot start as configured; the message names the plugins involved and the fix.

    The command line prints it on one line and exits with status 1.
    """
