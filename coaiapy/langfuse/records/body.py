"""The fields of a record by the names of Langfuse's API, as servers and the journal have them."""

from typing import Any, Dict

Body = Dict[str, Any]
