"""Prompts and datasets under the names that scripts import.

Functions that return data return JSON text; failures raise a ``CoaiaError``. Nothing here goes
through the outbox: if the server cannot be reached, ``NetworkError`` is raised. The ``format_*``
functions take the JSON text, or its value, and return text for people.
"""

from typing import Any, Iterable, Optional, Sequence, Union

from coaiapy.config import settings
from coaiapy.langfuse.datasets import datasets
from coaiapy.langfuse.datasets import display as dataset_display
from coaiapy.langfuse.datasets.finetuning import DEFAULT_INSTRUCTION, training_data
from coaiapy.langfuse.prompts import display as prompt_display
from coaiapy.langfuse.prompts import prompts
from coaiapy.langfuse.records.body import Body
from coaiapy.legacy.json_text import for_people, parsed, rows, to_text
from coaiapy.util.old_names import with_old_names

__all__ = [
    "create_dataset",
    "create_dataset_item",
    "create_prompt",
    "delete_prompt",
    "format_dataset_display",
    "format_dataset_for_finetuning",
    "format_datasets_table",
    "format_prompt_display",
    "format_prompts_table",
    "get_dataset",
    "get_prompt",
    "list_dataset_items",
    "list_datasets",
    "list_prompts",
    "update_prompt_version_labels",
]


def list_prompts(debug: bool = False) -> str:
    """Return every prompt as the text of a JSON list; ``debug`` has no effect."""
    return to_text(prompts.list_prompts(settings.load()))


def get_prompt(prompt_name: str, label: Optional[str] = None, version: Optional[int] = None) -> str:
    """Return one version of a prompt; by default the one with the label ``production``."""
    return to_text(prompts.get_prompt(settings.load(), prompt_name, label, version))


def create_prompt(
    prompt_name: str,
    content: Any,
    commit_message: Optional[str] = None,
    labels: Optional[Sequence[str]] = None,
    tags: Optional[Sequence[str]] = None,
    prompt_type: str = prompts.TEXT,
    config: Any = None,
) -> str:
    """Create a new version of a prompt and return it."""
    known = settings.load()
    return to_text(
        prompts.create_prompt(
            known, prompt_name, content, commit_message, labels, tags, prompt_type, config
        )
    )


def update_prompt_version_labels(prompt_name: str, version: int, new_labels: Sequence[str]) -> str:
    """Move labels to a version from any other one, and return it."""
    known = settings.load()
    return to_text(prompts.update_prompt_version_labels(known, prompt_name, version, new_labels))


def delete_prompt(
    prompt_name: str, version: Optional[int] = None, label: Optional[str] = None
) -> str:
    """Delete one version of a prompt, those with a label, or all; return ``{"message": ...}``."""
    prompts.delete_prompt(settings.load(), prompt_name, version, label)
    return to_text({"message": "deleted " + prompts.described(prompt_name, label, version)})


def list_datasets() -> str:
    """Return ``{"data": [...]}``: every dataset."""
    return to_text({"data": datasets.list_datasets(settings.load())})


def get_dataset(dataset_name: str) -> str:
    """Return a dataset without its items."""
    return to_text(datasets.get_dataset(settings.load(), dataset_name))


def create_dataset(
    dataset_name: str, description: Optional[str] = None, metadata: Any = None
) -> str:
    """Create a dataset, or change the given fields of the one with this name; return it."""
    return to_text(datasets.create_dataset(settings.load(), dataset_name, description, metadata))


def list_dataset_items(dataset_name: str, debug: bool = False) -> str:
    """Return every item of a dataset as the text of a JSON list; ``debug`` has no effect."""
    return to_text(datasets.list_dataset_items(settings.load(), dataset_name))


def create_dataset_item(
    dataset_name: str,
    input_data: Any,
    expected_output: Any = None,
    metadata: Any = None,
    source_trace_id: Optional[str] = None,
    source_observation_id: Optional[str] = None,
    item_id: Optional[str] = None,
    status: Optional[str] = None,
) -> str:
    """Create an item, or change the given fields of the item with this id; return it."""
    return to_text(
        datasets.create_dataset_item(
            settings.load(),
            dataset_name,
            input_data,
            expected_output,
            metadata,
            source_trace_id,
            source_observation_id,
            item_id,
            status,
        )
    )


@with_old_names(prompts_json="prompts_data")
@for_people
def format_prompts_table(prompts_data: Any) -> str:
    """Return a table of what ``list_prompts`` returned."""
    return prompt_display.format_prompts_table(rows(prompts_data))


@for_people
def format_prompt_display(prompt_json: Any) -> str:
    """Return one version of a prompt: its fields, then its content."""
    return prompt_display.format_prompt_display(parsed(prompt_json))


@for_people
def format_datasets_table(datasets_json: Any) -> str:
    """Return a table of what ``list_datasets`` returned."""
    return dataset_display.format_datasets_table(rows(datasets_json))


@for_people
def format_dataset_display(dataset_json: Any, items_json: Any) -> str:
    """Return a dataset: its fields, then each of its items."""
    return dataset_display.format_dataset_display(parsed(dataset_json), rows(items_json))


@with_old_names(items_json="items")
def format_dataset_for_finetuning(
    items: Union[str, Iterable[Body]],
    format_type: str,
    system_instruction: Optional[str] = DEFAULT_INSTRUCTION,
) -> str:
    """Return the items, given as objects or as the text of a JSON list, as JSON Lines."""
    return training_data(rows(items), format_type, system_instruction).jsonl()
