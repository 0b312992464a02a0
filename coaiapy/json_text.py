"""JSON text as the published functions give it and take it back."""

import json
from typing import Any, Dict, List


def to_text(value: Any) -> str:
    """Return a value as JSON text that people can read."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def parsed(value: Any) -> Any:
    """Return what a JSON text says; anything else is taken to be what one says."""
    return json.loads(value) if isinstance(value, str) else value


def rows(value: Any) -> List[Dict[str, Any]]:
    """Return the rows of a list, or of an answer with ``data``."""
    found = parsed(value)
    return list(found.get("data") or []) if isinstance(found, dict) else list(found)
