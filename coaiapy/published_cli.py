"""Helpers that scripts import from ``coaiacli``."""

import sys
from typing import Optional

from coaiapy.util.old_names import with_old_names


def validate_uuid(value: Optional[str], field_name: str = "ID") -> Optional[str]:
    """Return a UUID in lower case with dashes; ``None`` for an empty value.

    ``ValueError`` for a text that is not a UUID.
    """
    import uuid  # not at the top: it would slow down coaia --version

    if not value:
        return None
    try:
        return str(uuid.UUID(value))
    except ValueError:
        message = "{} {!r} is not a UUID: give one like 12345678-1234-1234-1234-123456789abc"
        raise ValueError(message.format(field_name, value)) from None


def validate_identifier(
    value: Optional[str], field_name: str = "identifier", max_length: int = 100
) -> Optional[str]:
    """Return a text without white space around it; ``None`` for an empty value.

    Raises ``ValueError`` for a value that is not a text, is longer than ``max_length`` characters,
    or contains ``../``.
    """
    if not value:
        return None
    if not isinstance(value, str):
        raise ValueError("{} {!r} is not a text".format(field_name, value))
    value = value.strip()
    if len(value) > max_length:
        raise ValueError("{} is longer than {} characters".format(field_name, max_length))
    if "../" in value or "..\\" in value:
        raise ValueError("{} {!r} must not contain ../: leave it out".format(field_name, value))
    return value or None


@with_old_names(verbose=None)
def tash_key_val(key: str, value: str, ttl: Optional[int] = None) -> None:
    """Stash ``value`` for ``ttl`` seconds, or without a limit; stderr says whether it was kept."""
    from coaiapy import coaiamodule

    coaiamodule.tash(key, value, ttl, quiet=False)


@with_old_names(verbose=None)
def tash_key_val_from_file(key: str, file_path: str, ttl: Optional[int] = None) -> None:
    """Stash a file's bytes as ``tash_key_val`` does; ``StateError`` if it cannot be read."""
    from coaiapy import coaiamodule
    from coaiapy.util import files

    coaiamodule.tash(key, files.read_bytes(file_path), ttl, quiet=False)


def process_send(process_name: str, input_message: str) -> None:
    """Print a model's answer to a text with the instruction of a tag.

    Raises what ``coaiamodule.abstract_process_send`` raises.
    """
    from coaiapy import coaiamodule

    sys.stdout.write(coaiamodule.abstract_process_send(process_name, input_message) + "\n")
