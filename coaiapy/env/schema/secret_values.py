"""The values of this process that a project or the user keeps secret, whatever their names."""

import os
from typing import List, Set

from coaiapy.config.values import DOTENV
from coaiapy.dotenvx.names import is_encrypted
from coaiapy.env import files as env_files
from coaiapy.env import places
from coaiapy.env.cascade import os_value
from coaiapy.env.schema.files import secret_names
from coaiapy.errors import CoaiaError
from coaiapy.util import paths
from coaiapy.util.masking import SHORTEST_UNKNOWN


def secret_values() -> List[str]:
    """Return the values of this process whose names are secret in the project or for the user.

    They are encrypted in an environment file, or the schema says so: ``env run`` has handed them on,
    perhaps from a folder above this one.
    """
    names: Set[str] = set()
    own = [one.path for one in places.environments() if one.location == "global"]
    for folder in paths.up_to_repository():
        names.update(secret_names(folder))
        own += [os.path.join(folder, name) for name in paths.entries(folder) if _is_of(name)]
    for path in own:
        try:
            stored = env_files.stored_in(path)
        except CoaiaError:  # whoever reads it says so
            continue
        names.update(name for name in stored if is_encrypted(stored[name]))
    return [os_value(name) for name in names if len(os.environ.get(name, "")) >= SHORTEST_UNKNOWN]


def _is_of(file_name: str) -> bool:
    """Tell whether a file has variables of the project."""
    is_own = places.is_own_name(file_name) or places.is_shared_name(file_name)
    return is_own or file_name == DOTENV
