"""The error that stops a start."""


class StartupError(Exception):
    """The server cannot start as configured; the message names the owners and the fix.

    The command line prints it in one line and exits with status 1.
    """
