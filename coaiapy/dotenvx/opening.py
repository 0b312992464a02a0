"""Decrypts the encrypted values of a file, or says what is missing. Everything is decrypted here."""

from typing import Any, Iterator, List, Mapping, Optional

from coaiapy.dotenvx.names import (
    is_encrypted,
    key_file_beside,
    private_name_for,
    public_name,
    public_name_for,
)
from coaiapy.errors import ConfigError, StateError


class Opener:
    """Decrypts values of one file, with the keys in the OS environment and in ``.env.keys``.

    ``place`` is what messages call the file; ``variables`` are all that it has. ``key_file`` is the
    ``.env.keys`` to look into, by default the one beside it.
    """

    def __init__(
        self, place: str, variables: Mapping[str, Any], key_file: Optional[str] = None
    ) -> None:
        found = public_name(variables)
        self._place = place
        self._public = str(variables[found]) if found else ""
        self._private_name = private_name_for(found or public_name_for(place))
        self._key_file = key_file_beside(place) if key_file is None else key_file
        self._keys: Optional[List[Any]] = None

    def open(self, name: str, value: str) -> str:
        """Return a value as it was before it was encrypted; a plain one stays as it is.

        Raises ``ConfigError`` if the private key or the package is missing, ``StateError`` for a
        damaged value.
        """
        if not is_encrypted(value):
            return value
        from coaiapy.dotenvx import cipher, keys

        if self._keys is None:
            self._keys = keys.private_keys(self._private_name, self._key_file)
        try:
            for key in self._keys:
                try:
                    return self._checked(name, cipher.decrypt(key.key, value))
                except cipher.WrongKeyError:
                    continue
        except cipher.DamagedError as error:
            raise self._damaged(name, str(error)) from None
        raise self._without_key(name)

    def _checked(self, name: str, text: str) -> str:
        if "\0" in text:
            raise self._damaged(name, "it contains a NUL character")
        return text

    def _without_key(self, name: str) -> Exception:
        from coaiapy.dotenvx import cipher

        for key in self._keys or ():
            try:
                if cipher.pair_of(key.key).public == self._public.lower():
                    return self._damaged(name, "it was changed after it was encrypted")
            except cipher.WrongKeyError:
                continue
        reason = "there is no private key for it"
        if self._keys:
            seen = ", ".join(sorted({_named(key) for key in self._keys}))
            reason = "no private key here fits ({})".format(seen)
        return ConfigError(
            "{} in {} is encrypted, and {}: set {}, or put that into {}".format(
                name, self._place, reason, self._private_name, self._key_file
            )
        )

    def _damaged(self, name: str, reason: str) -> Exception:
        return StateError(
            "{} in {} cannot be decrypted, because {}: restore it, or set it again".format(
                name, self._place, reason
            )
        )


def _named(key: Any) -> str:
    """Return the name and the place of a private key, and that it is none where that is so."""
    from coaiapy.dotenvx import cipher

    try:
        cipher.pair_of(key.key)
    except cipher.WrongKeyError as error:
        return "{} in {} is {}".format(key.name, key.place, error)
    return "{} in {}".format(key.name, key.place)


class Opened(Mapping[str, str]):
    """The variables of a file, of which each is decrypted when somebody asks for it."""

    def __init__(self, variables: Mapping[str, str], opener: Opener) -> None:
        self._variables, self._opener = variables, opener

    def __getitem__(self, name: str) -> str:
        return self._opener.open(name, self._variables[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)

    def __contains__(self, name: object) -> bool:
        return name in self._variables
