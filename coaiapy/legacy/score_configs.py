"""Score configs as Python classes, for scripts that build or read export files."""

import shlex
from typing import Any, Dict, List, Mapping, NamedTuple, Optional

from coaiapy.langfuse.scores.config_files import VERSION
from coaiapy.util.old_names import with_old_names

__all__ = ["ScoreCategory", "ScoreConfig", "ScoreConfigExport", "ScoreConfigMetadata"]


class ScoreCategory(NamedTuple):
    """One category of a CATEGORICAL config."""

    label: str
    value: float

    def to_dict(self) -> Dict[str, Any]:
        """Return it as in the API."""
        return {"label": self.label, "value": self.value}


class ScoreConfigMetadata(NamedTuple):
    """The fields that a server adds to a config."""

    id: Optional[str] = None
    createdAt: Optional[str] = None  # noqa: N815 (named as in the files)
    updatedAt: Optional[str] = None  # noqa: N815
    projectId: Optional[str] = None  # noqa: N815
    isArchived: bool = False  # noqa: N815


class ScoreConfig(NamedTuple):
    """One score config of an export file."""

    name: str
    dataType: str  # noqa: N815
    description: Optional[str] = None
    categories: Optional[List[ScoreCategory]] = None
    minValue: Optional[float] = None  # noqa: N815
    maxValue: Optional[float] = None  # noqa: N815
    metadata: Optional[ScoreConfigMetadata] = None

    @classmethod
    @with_old_names(data="values")
    def from_dict(cls, values: Mapping[str, Any]) -> "ScoreConfig":
        """Return the config in an entry of an export file, or in a response of the API."""
        given = {name: values[name] for name in cls._fields if values.get(name) is not None}
        if "categories" in given:
            given["categories"] = [
                ScoreCategory(one["label"], one["value"]) for one in given["categories"]
            ]
        if "metadata" in given:
            known = {
                name: value
                for name, value in given["metadata"].items()
                if name in ScoreConfigMetadata._fields and value is not None
            }
            given["metadata"] = ScoreConfigMetadata(**known)
        return cls(**given)

    def to_dict(self, include_metadata: bool = True) -> Dict[str, Any]:
        """Return it as an entry of an export file; without metadata if it has none."""
        values = dict(self._asdict())
        if self.categories is not None:
            values["categories"] = [one.to_dict() for one in self.categories]
        if self.metadata is None or not include_metadata:
            del values["metadata"]
        else:
            values["metadata"] = dict(self.metadata._asdict())
        return values

    def to_create_command(self) -> str:
        """Return the ``coaia`` command line that creates it."""
        words = ["coaia", "fuse", "score-configs", "create", self.name, self.dataType]
        options = (
            ("--description", self.description),
            ("--min-value", self.minValue),
            ("--max-value", self.maxValue),
        )
        for option, value in options:
            if value is not None:
                words += [option, str(value)]
        if self.categories and self.dataType == "CATEGORICAL":
            import json

            listed = [one.to_dict() for one in self.categories]
            words += ["--categories", json.dumps(listed, ensure_ascii=False)]
        return " ".join(shlex.quote(word) for word in words)


class ScoreConfigExport(NamedTuple):
    """A whole export file."""

    configs: List[ScoreConfig]
    version: str = VERSION
    exportedAt: Optional[str] = None  # noqa: N815
    totalConfigs: int = 0  # noqa: N815

    @classmethod
    @with_old_names(data="values")
    def from_dict(cls, values: Mapping[str, Any]) -> "ScoreConfigExport":
        """Return the export in the JSON value of a file."""
        configs = [ScoreConfig.from_dict(one) for one in values["configs"]]
        return cls(configs, values.get("version", VERSION), values.get("exportedAt"), len(configs))

    def to_dict(self, include_metadata: bool = True) -> Dict[str, Any]:
        """Return the JSON value of the file."""
        return {
            "version": self.version,
            "exportedAt": self.exportedAt,
            "totalConfigs": len(self.configs),
            "configs": [one.to_dict(include_metadata) for one in self.configs],
        }
