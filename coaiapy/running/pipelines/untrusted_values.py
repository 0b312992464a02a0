"""Which values of a template come from an environment file of the project that is not trusted.

Somebody else may have written such a file. Its values are data for a command, but they do not become
a part of one.
"""

from types import MappingProxyType
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping

from coaiapy.env import places, untrusted
from coaiapy.env.cascade import OS_ENVIRONMENT
from coaiapy.errors import ConfigError
from coaiapy.templating.language import Language
from coaiapy.templating.model import (
    Lookup,
    PipelineStep,
    PipelineTemplate,
    all_names,
    all_variables,
    environment_key,
    key_used,
)


class UntrustedValues:
    """The variables of a template whose values are from untrusted files, and what they reach.

    ``before`` are those whose values an earlier run had from there.
    """

    def __init__(
        self,
        template: PipelineTemplate,
        given: Mapping[str, Any],
        lookup: Lookup,
        language: Language,
        before: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._template = template
        self._language = language
        self._variables = {
            name: variable for variable in all_variables(template) for name in all_names(variable)
        }
        self._keys = {v.name: key_used(v, given, lookup) for v in all_variables(template)}
        self._foreign: Dict[str, str] = dict(before)
        self._paths: Dict[str, str] = {name: places.path_of() for name in before}
        for name, key in self._keys.items():
            path = (lookup(key) or ("", ""))[1] if key else ""
            if key and path and path != OS_ENVIRONMENT and not untrusted.is_free(path):
                self._foreign[name], self._paths[name] = key, path
        for path in set(self._paths.values()):
            if untrusted.is_trusted(path):
                self._paths = {name: one for name, one in self._paths.items() if one != path}
        self._foreign = {name: self._foreign[name] for name in self._paths}

    @property
    def foreign(self) -> Dict[str, str]:
        """The variables with such values, and the names that the file has them under."""
        return dict(self._foreign)

    def check(self, steps: Iterable[PipelineStep]) -> None:
        """Raise ``ConfigError`` if such a value becomes a part of a command, by ``| raw``.

        The same for a variable in ``env`` of a step that decides which programs run.
        """
        if not self._foreign:
            return
        for step in steps:
            for name in self._behind(self.deciding_names(step)):
                if name in self._foreign:
                    raise ConfigError(
                        "the variable {!r} decides what the step {!r} runs (by | raw or env), but "
                        "the file that sets it as {}, {}, is not trusted: read it, then run coaia "
                        "trust {}, or give the variable with --var".format(
                            name, step.name, self._foreign[name], *[self._paths[name]] * 2
                        )
                    )

    def passed_on(
        self, environment: Mapping[str, str], note: Callable[[str], None]
    ) -> Dict[str, str]:
        """Return ``environment`` without such values in what decides which programs run.

        ``note`` gets a sentence about what was left out.
        """
        foreign = {environment_key(name): path for name, path in self._paths.items()}
        left = untrusted.risky({key: text for key, text in environment.items() if key in foreign})
        for path in sorted({foreign[key] for key in left}):
            note(untrusted.note(path, [key for key in left if foreign[key] == path]))
        return {key: text for key, text in environment.items() if key not in left}

    def deciding_names(self, step: PipelineStep) -> List[str]:
        """Return the names in a step whose values are not only data for its command."""
        where = "template {!r}, step {!r}, ".format(self._template.name, step.name)
        starters = [text for key, text in step.env.items() if untrusted.starts_programs(key)]
        names = self._language.names_in(starters, where + "env")
        if isinstance(step.run, str):
            names |= self._language.raw_names(step.run, where + "run")
        elif step.run:
            names |= self._language.names_in(step.run[0], where + "run")
        if "item" in names and step.for_each is not None:
            names |= self._language.names_in_expression(step.for_each, where + "for_each")
        return sorted(names)

    def _behind(self, names: List[str]) -> Iterator[str]:
        """Yield the variables with these names, and those that their defaults are made of."""
        waiting, seen = list(names), set()
        while waiting:
            variable = self._variables.get(waiting.pop())
            if variable is None or variable.name in seen:
                continue
            seen.add(variable.name)
            yield variable.name
            if self._keys[variable.name] is None:
                waiting.extend(sorted(self._language.names_in(variable.default, "default")))
