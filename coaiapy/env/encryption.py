"""Encrypts and decrypts the values of an environment file, and changes its keys."""

from typing import Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence

from coaiapy.dotenvx import cipher, key_file, keys
from coaiapy.dotenvx.names import (
    PLAIN,
    is_encrypted,
    key_file_beside,
    private_name_for,
    public_name,
    public_name_for,
)
from coaiapy.dotenvx.opening import Opener
from coaiapy.env import files
from coaiapy.env.names import CONTEXT_KEYS
from coaiapy.errors import ConfigError, NotFoundError, UsageError
from coaiapy.util import shell
from coaiapy.util.masking import ENCRYPTED


class NewKey(NamedTuple):
    """A private key that was made: its name, the file it is in, a ``.gitignore`` that was changed."""

    name: str
    place: str
    ignored: Optional[str]


class Changed(NamedTuple):
    """The variables that were changed, and the private key that was made for that, if any."""

    names: List[str]
    new_key: Optional[NewKey] = None


class Keys(NamedTuple):
    """The keys of a file: their names, the public one, and the private one if it is at hand.

    ``place`` is where that is: the OS environment or a file.
    """

    public_name: str
    public: str
    private_name: str
    private: Optional[keys.PrivateKey] = None

    @property
    def place(self) -> Optional[str]:
        """Where the private key is: the OS environment, or a file."""
        return self.private.place if self.private else None


def encrypt(path: str, names: Sequence[str] = ()) -> Changed:
    """Encrypt the variables called ``names`` in a file, by default all that it can have encrypted.

    Those are not: empty ones, the ids of the context, and names that end with ``_PLAIN``. A file
    without a key gets a new pair, unless there is a private key with its name.
    """
    changed: List[str] = []
    made: List[NewKey] = []

    def edit(variables: Dict[str, str]) -> None:
        _check_names(path, variables, names)
        wanted = names or _usually_encrypted(variables)
        changed.extend(name for name in wanted if not is_encrypted(variables[name]))
        if changed:
            public = _public_key(path, variables, made)
            variables.update({name: _sealed(public, name, variables[name]) for name in changed})

    _change(path, edit)
    return Changed(changed, made[0] if made else None)


def decrypt(path: str, names: Sequence[str] = ()) -> List[str]:
    """Write the variables called ``names``, by default all, in plain text, and return which.

    If one of them cannot be decrypted, the file stays as it is.
    """
    changed: List[str] = []

    def edit(variables: Dict[str, str]) -> None:
        _check_names(path, variables, names)
        opener = Opener(path, variables)
        changed.extend(name for name in names or variables if is_encrypted(variables[name]))
        texts = {name: opener.open(name, variables[name]) for name in changed}
        for name, text in texts.items():
            if is_encrypted(text):
                raise UsageError(
                    "the value of {} in {} begins with {} itself, and would look encrypted in plain "
                    "text: leave it encrypted, and name the other variables".format(
                        name, path, ENCRYPTED
                    )
                )
        variables.update(texts)

    _change(path, edit)
    return changed


def rotate(path: str) -> Changed:
    """Give a file a new pair of keys, and encrypt each of its values again.

    The new private key is added to ``.env.keys`` first, where the old one stays: whenever this is
    interrupted, there is a key for every value.
    """
    changed: List[str] = []
    made: List[NewKey] = []

    def edit(variables: Dict[str, str]) -> None:
        opener = Opener(path, variables)
        texts = {
            name: opener.open(name, value)
            for name, value in variables.items()
            if is_encrypted(value)
        }
        if not texts:
            raise NotFoundError("{} has no encrypted values: coaia env encrypt".format(path))
        name = public_name(variables) or public_name_for(path)
        variables[name] = _new_pair(path, name, made).public
        variables.update({key: _sealed(variables[name], key, text) for key, text in texts.items()})
        changed.extend(texts)

    _change(path, edit)
    return Changed(changed, made[0])


def keypair(path: str) -> Keys:
    """Return the keys of a file; ``NotFoundError`` if it has no public key."""
    found = files.load(path)
    variables: Mapping[str, str] = found.variables if found else {}
    name = public_name(variables)
    if name is None:
        raise NotFoundError(
            "{} has no public key: coaia env encrypt makes a pair of keys".format(path)
        )
    private_name = private_name_for(name)
    known = Keys(name, variables[name], private_name)
    for key in keys.private_keys(private_name, key_file_beside(path)):
        try:
            if cipher.pair_of(key.key).public == known.public.lower():
                return known._replace(private=key)
        except cipher.WrongKeyError:
            continue
    return known


def _usually_encrypted(variables: Mapping[str, str]) -> List[str]:
    return [
        name
        for name, value in files.without_metadata(variables).items()
        if value and name not in CONTEXT_KEYS and not name.endswith(PLAIN)
    ]


def _check_names(path: str, variables: Mapping[str, str], names: Sequence[str]) -> None:
    for name in names:
        files.check_key(name)
        if name in CONTEXT_KEYS:
            raise UsageError(
                "{} is an id that commands change all the time, and not encrypted".format(name)
            )
        if name not in variables:
            raise NotFoundError("{} is not set in {}".format(name, path))


def _change(path: str, edit: Callable[[Dict[str, str]], None]) -> None:
    files.check_exists(path)
    files.change(path, edit)


def seal(path: str, variables: Dict[str, str], name: str, text: str) -> Optional[NewKey]:
    """Set ``name`` to the encrypted ``text`` in the ``variables`` that ``files.change`` gives.

    Returns the private key that had to be made for it, if any.
    """
    made: List[NewKey] = []
    variables[name] = _sealed(_public_key(path, variables, made), name, text)
    return made[0] if made else None


def _public_key(path: str, variables: Dict[str, str], made: List[NewKey]) -> str:
    """Return the public key of a file, which gets one if it has none."""
    name = public_name(variables)
    if name:
        return variables[name]
    name = public_name_for(path)
    private_name = private_name_for(name)
    known = keys.known_pair(private_name, keys.private_keys(private_name, key_file_beside(path)))
    pair = known or _new_pair(path, name, made)
    variables[name] = pair.public
    return pair.public


def _new_pair(path: str, name: str, made: List[NewKey]) -> cipher.KeyPair:
    pair = cipher.new_pair()
    place = key_file_beside(path)
    ignored = key_file.keep_out_of_git(place)
    key_file.add(place, private_name_for(name), pair.private, path)
    made.append(NewKey(private_name_for(name), place, ignored))
    return pair


def _sealed(public: str, name: str, text: str) -> str:
    shell.check_value(name, text)
    try:
        return cipher.encrypt(public, text)
    except cipher.WrongKeyError as error:
        raise ConfigError(
            "the public key for {} is {}: remove it, and encrypt again".format(name, error)
        ) from error
