"""What there is to trust in a project: its settings, environments and templates, and what they do."""

import os
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple

from coaiapy.config import addresses, trust
from coaiapy.config import files as config_files
from coaiapy.config import values as config_values
from coaiapy.config.schema import key_for
from coaiapy.env import files as env_files
from coaiapy.env import places as env_places
from coaiapy.env import untrusted
from coaiapy.errors import CoaiaError, NotFoundError, StateError
from coaiapy.templating import files as template_files
from coaiapy.templating import trusted
from coaiapy.templating.inheritance import load_found
from coaiapy.util.masking import masked_value, shown_url
from coaiapy.util.paths import entries, read_regular

TEMPLATES = os.path.join(".coaia", "templates")


class Subject(NamedTuple):
    """A file to trust, the hash of its content, and what trust allows it, one sentence each."""

    path: str
    digest: str
    allows: List[str]


def subjects(path: str) -> List[Subject]:
    """Return what can be trusted at ``path``, a file of a project or the project's folder.

    Raises ``NotFoundError`` if there is nothing, ``StateError`` for a file that is missing or
    cannot be read.
    """
    if not os.path.lexists(path):
        raise StateError("there is no file or folder {}".format(path))
    found = [_subject(one) for one in _files(path)]
    if not found:
        raise NotFoundError(
            "there is nothing to trust in {}: no .env, coaia.json, .coaia-env or template".format(
                path
            )
        )
    return found


def _files(path: str) -> Iterator[str]:
    if not os.path.isdir(path):
        if os.path.lexists(path):
            yield path
        return
    for name in entries(path):
        one, kind = os.path.join(path, name), _kind_of(name)
        if kind is not None and os.path.isfile(one) and (kind is not _of_shared or kind(one)):
            yield one
    templates = os.path.join(path, TEMPLATES)
    for name in entries(templates):
        if name.endswith(template_files.SUFFIXES):
            yield os.path.join(templates, name)


def _subject(path: str) -> Subject:
    digest = trust.digest(read_regular(path))
    kind = _of_template if _is_template(path) else _kind_of(os.path.basename(path))
    return Subject(path, digest, kind(path) if kind else [])


def _is_template(path: str) -> bool:
    return path.endswith(template_files.SUFFIXES) and os.path.abspath(path).endswith(
        os.path.join(os.sep, TEMPLATES, os.path.basename(path))
    )


def _of_template(path: str) -> List[str]:
    name = os.path.splitext(os.path.basename(path))[0]
    try:
        found = template_files.Found(name, path, "project")
        return ["runs " + command for command in trusted.commands(load_found(found))]
    except CoaiaError:  # it cannot be used before it is changed
        return []


def _kind_of(name: str) -> Any:
    """Return the function that tells what a file of this name does, ``None`` for other files."""
    if env_places.is_own_name(name):
        return _of_environment
    if env_places.is_shared_name(name):
        return _of_shared
    return _KINDS.get(name)


def _of_environment(path: str) -> List[str]:
    variables = env_files.stored_in(path)
    return ["sets " + name for name in sorted(untrusted.needing_trust(variables))]


def _of_dotenv(path: str) -> List[str]:
    return _named_addresses(config_values.dotenv_variables(path)) + _of_shared(path)


def _of_shared(path: str) -> List[str]:
    """Tell what a file of dotenv tools sets with coaia env run; it may be one for other programs."""
    try:
        variables = env_files.variables_in(path)
    except CoaiaError:
        return []
    return ["sets {} (coaia env run --dotenv)".format(name) for name in untrusted.risky(variables)]


def _of_settings(path: str) -> List[str]:
    return _named_addresses(dict(config_files.leaves(config_files.read(path))))


def _named_addresses(values: Mapping[str, Any]) -> List[str]:
    found = []
    for name, value in values.items():
        key = key_for(name)
        service = addresses.service_of(key.name) if key else None
        if not (key and service and value not in (None, "")) or key.name in service.keys:
            continue
        if key.name in service.ways:
            found.append("{}: {} changes how keys are sent".format(name, value))
        else:
            address = shown_url(masked_value(name, str(value).strip()))
            found.append("{}: {} may get keys".format(name, address))
    return found


_KINDS: Dict[str, Callable[[str], List[str]]] = {
    config_values.DOTENV: _of_dotenv,
    config_files.NAME: _of_settings,
}
