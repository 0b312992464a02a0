"""Links scores that move to another project to that project's score configs of the same names.

A server silently drops a score with an unknown config id. A score without a matching config is
therefore sent without a config.
"""

from typing import Any, Dict, Iterator, List, Mapping, Sequence, Tuple, Union

from coaiapy.config.settings import LOCAL, Settings
from coaiapy.errors import CoaiaError, NetworkError, UsageError
from coaiapy.langfuse.journal.damage import bodies
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.scores import config_cache
from coaiapy.langfuse.scores import configs as score_configs
from coaiapy.langfuse.scores.values import accepted, subject
from coaiapy.util.text.notes import ignore_note


class Links:
    """The configs of the new project by the id of the old one; a text says why there is none."""

    def __init__(self, configs: Mapping[str, Union[Body, str]]) -> None:
        self.configs = configs
        self._unlinked: Dict[Tuple[str, str], int] = {}

    def linked(self, body: Body) -> Body:
        """Return a score with the id of the new project's config, or without a config."""
        if body.get("configId") is None:
            return body
        config = self.configs.get(body["configId"], "it was written at the same time")
        try:
            if isinstance(config, str):
                raise UsageError(config)
            if config["dataType"] != body["dataType"]:
                raise UsageError("{} is {}".format(subject(config), config["dataType"]))
            value = accepted(config, body["value"]).sent
            return dict(body, configId=config["id"], name=config["name"], value=value)
        except UsageError as error:
            key = (body["name"], str(error))
            self._unlinked[key] = self._unlinked.get(key, 0) + 1
            return {name: value for name, value in body.items() if name != "configId"}

    def problems(self) -> List[str]:
        """Return a sentence about the scores that were not linked, for each name and reason."""
        return [
            "{} of {!r} sent without a score config: {}".format(count, name, why)
            for (name, why), count in sorted(self._unlinked.items())
        ]


def links(settings: Settings, sources: Sequence[int]) -> Links:
    """Return the project's configs for the scores of the destinations ``sources``.

    A config of local mode that the project does not have is created there. Raises
    ``NetworkError`` if the server does not respond.
    """
    used = dict(_used(sources))
    if not used or settings.is_local:
        return Links({})
    there = config_cache.snapshot_of(score_configs.list_all(settings, with_archived=True))
    local = config_cache.read(LOCAL, ignore_note).by_id
    found: Dict[str, Union[Body, str]] = {}
    for config_id, name in used.items():
        config = there.by_id.get(config_id) or there.find(name)
        found[config_id] = config or _created(settings, local.get(config_id), name)
    return Links(found)


def _created(settings: Settings, config: Any, name: str) -> Union[Body, str]:
    if config is None:
        return "the project has no score config {!r}".format(name)
    try:
        return score_configs.create(settings, config)
    except NetworkError:
        raise
    except CoaiaError as error:
        return "{!r} could not be created: {}".format(name, error)


def _used(sources: Sequence[int]) -> Iterator[Tuple[str, str]]:
    sql = "SELECT seq, kind, body FROM records WHERE kind = 'score' AND destination = ?"
    with Journal() as journal:
        for source in sources:
            for body in bodies(journal, journal.rows(sql, source)):
                if body.get("configId") is not None:
                    yield body["configId"], body["name"]
