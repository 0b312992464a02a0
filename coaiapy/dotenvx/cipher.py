"""Encrypts and decrypts one value as dotenvx does: ECIES over secp256k1, with AES-256-GCM.

The package eciespy does that. It is the sister of eciesjs, which dotenvx uses.
"""

import re
from typing import Any, NamedTuple

from coaiapy.errors import CoaiaError, ConfigError
from coaiapy.util.masking import ENCRYPTED, MASK
from coaiapy.util.packages import require

# Bytes in front of what is encrypted: a public key for this one value, a nonce and a tag.
_OVERHEAD = 65 + 16 + 16


class DamagedError(CoaiaError):
    """A value that no key can decrypt: it was cut off or changed."""


class WrongKeyError(CoaiaError):
    """A private key that does not decrypt the value."""


class KeyPair(NamedTuple):
    """A public key and its private key, in hex digits. Its ``repr`` hides the private one."""

    public: str
    private: str

    def __repr__(self) -> str:
        return "KeyPair(public={!r}, private={!r})".format(self.public, MASK)


def new_pair() -> KeyPair:
    """Return a new pair of keys."""
    return _pair(_package("coincurve").PrivateKey())


def pair_of(private: str) -> KeyPair:
    """Return a private key with its public key; ``WrongKeyError`` if it is none."""
    secret = _secret(private)
    try:
        return _pair(_package("coincurve").PrivateKey(secret))
    except ValueError:
        raise WrongKeyError("not a private key of this curve") from None


def encrypt(public: str, text: str) -> str:
    """Return ``text`` encrypted for a public key; ``WrongKeyError`` if that is none."""
    import base64

    ecies = _package("ecies")
    try:
        secret = ecies.encrypt(bytes.fromhex(public), text.encode("utf-8"))
    except ValueError as error:
        raise WrongKeyError("not a public key of this format") from error
    return ENCRYPTED + base64.b64encode(secret).decode("ascii")


def decrypt(private: str, value: str) -> str:
    """Return the text of an encrypted value.

    Raises ``WrongKeyError`` where the key does not fit or the value was changed, which looks the
    same, and ``DamagedError`` for what no key can decrypt.
    """
    content = _bytes_of(value)
    secret = _secret(private)
    ecies = _package("ecies")
    try:
        text = ecies.decrypt(secret, content)
    except ValueError:
        raise WrongKeyError("the key does not decrypt the value") from None
    try:
        return str(text.decode("utf-8"))
    except UnicodeDecodeError:
        raise DamagedError("it is not UTF-8 text") from None


def _secret(private: str) -> bytes:
    digits = re.match(r"(?:0[xX])?([0-9a-fA-F]{64})\Z", private)
    if digits is None:
        raise WrongKeyError("not a private key of 64 hex digits")
    return bytes.fromhex(digits.group(1))


def _bytes_of(value: str) -> bytes:
    import base64

    try:
        secret = base64.b64decode(value[len(ENCRYPTED) :].encode("ascii"), validate=True)
    except ValueError:
        raise DamagedError("it is not base64") from None
    if len(secret) < _OVERHEAD:
        raise DamagedError("it is too short")
    return secret


def _pair(key: Any) -> KeyPair:
    return KeyPair(key.public_key.format(compressed=True).hex(), key.secret.hex())


def _package(module: str) -> Any:
    try:
        return require(module, "eciespy")
    except ConfigError as error:
        raise ConfigError(
            "encrypted values need the Python package eciespy, which cannot be imported ({}): "
            "install it with: pip install 'coaiapy[crypto]'".format(error.__cause__)
        ) from error
