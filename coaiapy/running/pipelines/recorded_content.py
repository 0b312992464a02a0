"""What a record may hold of the texts of a pipeline: without secrets, and only sizes if that is wished."""

import json
from typing import Any, List, Mapping, Optional

from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.content import content
from coaiapy.running.recorded_text import MARGIN, Redaction, masked, shown
from coaiapy.running.tail import Tail
from coaiapy.util.formats.json_values import text_or_json
from coaiapy.util.masking import SHORTEST_UNKNOWN, looks_secret

# The most characters of an output, and of an error's last line, that are written down.
_MOST = 64 << 10
# The most bytes of a command's error output that are kept, for its last line.
MOST_ERRORS = 64 << 10
_LONGEST_LINE = 500
_CONTENT = ("input", "output")
# Texts of metadata that say where a record comes from; all others are content.
_ORIGIN = ("template_name", "template_version")


class RecordedContent:
    """Makes what is recorded from what a pipeline has: texts without secrets, or only their sizes.

    ``variables`` are those of the template; the values of those whose names look secret are masked.
    """

    def __init__(
        self,
        with_content: bool,
        env_file: Optional[str],
        variables: Mapping[str, Any],
    ) -> None:
        self._with_content = with_content
        self._redacted = Redaction(env_file=env_file, secrets=_secrets(variables))

    def fields(self, given: Mapping[str, Any]) -> Body:
        """Return the fields of a trace or an observation, by attribute, as they are recorded."""
        made = {name: masked(value, self._redacted) for name, value in given.items()}
        for name in _CONTENT:
            if name in made:
                made[name] = content(made[name], self._with_content)
        if made.get("metadata") is not None:
            made["metadata"] = self.facts(made["metadata"])
        if made.get("status_message") and not self._with_content:
            made["status_message"] = None
        return made

    def facts(self, metadata: Mapping[str, Any]) -> Body:
        """Return metadata as it is recorded."""
        known = masked(dict(metadata), self._redacted)
        if self._with_content:
            return known  # type: ignore[no-any-return]
        return {name: one if name in _ORIGIN else _size(one) for name, one in known.items()}

    def text(self, text: str) -> str:
        """Return a name as it is recorded."""
        return self._redacted(text)

    def reason(self, text: str) -> str:
        """Return why a step did not succeed; without content not what its command has said."""
        return self._redacted(text if self._with_content else text.partition(": ")[0])

    def last_line(self, errors: Tail) -> str:
        """Return the last line of what a command has written to its error output, masked."""
        text = shown(errors, MOST_ERRORS - MARGIN, self._redacted, False)
        return text.strip().split("\n")[-1][:_LONGEST_LINE]

    def output(self, value: Any) -> Any:
        """Return an output as it is recorded: only its end if it is long."""
        if value is None or not self._with_content:
            return content(value, self._with_content)
        text = text_or_json(value)
        # A secret that begins before the end that is shown is recognized.
        clean = self._redacted(text[-(_MOST + MARGIN) :])
        if len(text) > _MOST:
            return "[the last {} of {} characters] {}".format(_MOST, len(text), clean[-_MOST:])
        if isinstance(value, str):
            return clean
        try:
            return json.loads(clean)
        except ValueError:
            return clean

    def kept(self, value: Any) -> Body:
        """Return an output as a later run gets it: whole, or why it does not."""
        if not self._with_content:
            return {"lost": "content is kept out of traces"}
        return self.passed_on(value)

    def passed_on(self, value: Any) -> Body:
        """Return an output as another machine gets it: whole, or why it does not."""
        if masked(value, self._redacted) != value:
            return {"lost": "it holds a secret"}
        return {"output": value}

    def kept_variables(self, values: Mapping[str, Any]) -> Body:
        """Return the values that a later run gets."""
        return self.passed_variables(values) if self._with_content else {}

    def passed_variables(self, values: Mapping[str, Any]) -> Body:
        """Return the values that another machine gets."""
        return {
            name: value
            for name, value in values.items()
            if not looks_secret(name) and "output" in self.passed_on(value)
        }


def _secrets(variables: Mapping[str, Any]) -> List[str]:
    """Return the values of variables whose names look secret."""
    texts = [str(value) for name, value in variables.items() if looks_secret(name)]
    return [text for text in texts if len(text) >= SHORTEST_UNKNOWN]


def _size(value: Any) -> Any:
    """Return a JSON value with the sizes of its texts in their place."""
    if isinstance(value, str):
        return content(value, False)
    if isinstance(value, dict):
        return {name: _size(one) for name, one in value.items()}
    return [_size(one) for one in value] if isinstance(value, list) else value
