"""The exceptions of coaia, each with the exit code that the command ends with."""

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
    """The base class of errors that a user can understand.

    The message is one sentence: what went wrong, with which value, what to do. The command prints
    it on stderr and ends with ``exit_code``.
    """

    exit_code = ExitCode.FAILED


class NotFoundError(CoaiaError):
    """What was asked for does not exist."""


class UsageError(CoaiaError):
    """An option, a variable or an input file is invalid."""

    exit_code = ExitCode.USAGE


class ConfigError(CoaiaError):
    """A setting, a key or an optional package is missing or wrong."""

    exit_code = ExitCode.CONFIG


class NetworkError(CoaiaError):
    """A server could not be reached, or did not answer in time."""

    exit_code = ExitCode.NETWORK


class RefusedError(CoaiaError):
    """A server refused the request; repeating it will not help."""

    exit_code = ExitCode.REFUSED


class StateError(CoaiaError):
    """A local file or the journal is broken or locked, or cannot be read or written."""

    exit_code = ExitCode.STATE


class NoPlaceError(StateError):
    """There is no folder for coaia's own files, or they cannot be written there."""
