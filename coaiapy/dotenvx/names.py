"""The names in the format of dotenvx, which keeps encrypted values in files of variables.

A value is encrypted for the public key in its file (``DOTENV_PUBLIC_KEY``, with the environment's
name behind it). The private key is in ``.env.keys`` or in the OS environment.
"""

import os
import re
from typing import Any, Mapping, Optional

from coaiapy.util.masking import ENCRYPTED

PUBLIC_KEY = "DOTENV_PUBLIC_KEY"
PRIVATE_KEY = "DOTENV_PRIVATE_KEY"
KEY_FILE = ".env.keys"
# Files whose keys have no name behind DOTENV_PUBLIC_KEY.
_UNNAMED = (".env", ".coaia-env", "coaia.json")
# Ends the names of variables that dotenvx never encrypts.
PLAIN = "_PLAIN"


def is_encrypted(value: Any) -> bool:
    """Tell whether a value is an encrypted one."""
    return isinstance(value, str) and value.startswith(ENCRYPTED)


def is_public_key(name: str) -> bool:
    """Tell whether a variable of this name holds the public key of its file."""
    return name.startswith(PUBLIC_KEY)


def public_name(variables: Mapping[str, Any]) -> Optional[str]:
    """Return the name of the first variable that holds a public key, or None."""
    return next((name for name in variables if is_public_key(name)), None)


def public_name_for(path: str) -> str:
    """Return what the public key of the file at ``path`` is called, if the file does not say.

    dotenvx derives the same name for ``.env``, ``.env.production`` and ``.coaia-env.production``.
    Where it would make one that no shell allows, as for ``.coaia-env``, it still finds ours.
    """
    base = os.path.basename(path)
    if base in _UNNAMED:
        return PUBLIC_KEY
    name = re.sub(r"^\.(?:coaia-)?env\.|\.env(?=\.|\Z)", "", base)
    return "{}_{}".format(PUBLIC_KEY, re.sub("[^A-Za-z0-9]", "_", name).upper())


def private_name_for(public: str) -> str:
    """Return the name of the private key that belongs to the public key of this name."""
    return PRIVATE_KEY + public[len(PUBLIC_KEY) :]


def key_file_beside(path: str) -> str:
    """Return the path of the file with the private keys for the file at ``path``."""
    return os.path.join(os.path.dirname(path), KEY_FILE)
