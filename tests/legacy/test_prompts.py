"""Names of earlier releases for prompts."""

import json

import pytest

from coaiapy.errors import UsageError
from coaiapy.legacy.prompts import format_dataset_for_finetuning


def test_the_legacy_name_takes_text_or_objects():
    items = [{"input": "a", "expectedOutput": "b"}, {"input": "", "expectedOutput": "b"}]
    text = format_dataset_for_finetuning(items, "openai", "s")
    assert format_dataset_for_finetuning(json.dumps(items), "openai", "s") == text
    assert text.count("\n") == 1
    with pytest.raises(UsageError, match="no fine-tuning format 'other'"):
        format_dataset_for_finetuning(items, "other", "s")
