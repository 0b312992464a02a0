"""The values of this process that a project or the user keeps secret, whatever their names."""

import os
from typing import List

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

    They are encrypted in an environment file, or the schema says so: ``env run`` has handed them on.
    """
    names = set(secret_names())
    shared = [name for name in paths.entries(".") if places.is_shared_name(name)]
    for path in [one.path for one in places.environments()] + [DOTENV] + shared:
        try:
            stored = env_files.stored_in(path)
        except CoaiaError:  # whoever reads it says so
            continue
        names.update(name for name in stored if is_encrypted(stored[name]))
    return [os_value(name) for name in names if len(os.environ.get(name, "")) >= SHORTEST_UNKNOWN]
