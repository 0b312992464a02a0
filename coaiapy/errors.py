"""What can go wrong, and the exit code that tells a script which kind it was."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of ``coaia``; ``coaia help exit-codes`` prints them."""

    OK = 0
    FAILED = 1
    USAGE = 2
    CONFIG = 3
    NETWORK = 4
    REFUSED = 5
    STATE = 6
    INTERRUPTED = 130


class CoaiaError(Exception):
    """The family that ``main()`` turns into one sentence on stderr and an exit code.

    The message is what the user reads: what went wrong, with which value, what to do.
    """

    exit_code = ExitCode.FAILED


class NotFoundError(CoaiaError):
    """What was asked for does not exist."""


class UsageError(CoaiaError):
    """An option, a variable or an input file is invalid."""

    exit_code = ExitCode.USAGE


class ConfigError(CoaiaError):
    """A setting, a credential or an optional package is missing or makes no sense."""

    exit_code = ExitCode.CONFIG


class NetworkError(CoaiaError):
    """A server could not be reached, or did not answer in time."""

    exit_code = ExitCode.NETWORK


class RefusedError(CoaiaError):
    """A server answered, and said no for good."""

    exit_code = ExitCode.REFUSED


class StateError(CoaiaError):
    """A local file or the journal is broken, locked, full or not ours to write."""

    exit_code = ExitCode.STATE
