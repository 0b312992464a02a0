"""The helpers that scripts import from ``coaiacli`` besides ``main`` and ``fetch_key_val``."""

import sys
from typing import Optional


def validate_uuid(value: Optional[str], field_name: str = "ID") -> Optional[str]:
    """Return a UUID in lower case with dashes, ``None`` for nothing; ``ValueError`` for others."""
    import uuid  # for --version this would be dear

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
    """Return a text without the blanks around it, ``None`` for nothing.

    Raises ``ValueError`` for what is no text, is longer than ``max_length`` characters, or would
    leave its place in a path (``../``).
    """
    if not value:
        return None
    if not isinstance(value, str):
        raise ValueError("{} {!r} is not a text".format(field_name, value))
    value = value.strip()
    if len(value) > max_length:
        raise ValueError("{} is longer than {} characters".format(field_name, max_length))
    if "../" in value or "..\\" in value:
        raise ValueError("{} {!r} leaves its place: leave out the ..".format(field_name, value))
    return value or None


def tash_key_val(key: str, value: str, ttl: Optional[int] = None) -> None:
    """Stash ``value`` for ``ttl`` seconds, or for good; stderr says whether it was kept."""
    from coaiapy import coaiamodule

    coaiamodule.tash(key, value, ttl, quiet=False)


def tash_key_val_from_file(key: str, file_path: str, ttl: Optional[int] = None) -> None:
    """Stash the bytes of a file like ``tash_key_val``; ``StateError`` if it cannot be read."""
    from coaiapy import coaiamodule, files

    coaiamodule.tash(key, files.read_bytes(file_path), ttl, quiet=False)


def process_send(process_name: str, input_message: str) -> None:
    """Print the model's answer to a text, processed by a tag; errors as ``coaiamodule``'s."""
    from coaiapy import coaiamodule

    sys.stdout.write(coaiamodule.abstract_process_send(process_name, input_message) + "\n")
