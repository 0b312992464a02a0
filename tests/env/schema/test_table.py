"""The table of a schema says what a reader needs, and no text of it becomes markup."""

import json

from coaiapy.env.schema import json_form
from coaiapy.env.schema.table import markdown

PROPERTIES = {
    "PORT": {"type": "integer", "minimum": 1, "default": 80, "description": "a | b\n<i>c</i>"},
    "API_KEY": {"default": "canary", "requiredIn": ["production"], "pattern": "^a|`$"},
    "LEVEL": {"enum": ["a", "b"], "maxLength": 1},
}


def test_a_row_for_each_variable():
    text = json.dumps({"required": ["PORT"], "properties": PROPERTIES})
    assert markdown(json_form.parse(text, "S")) == [
        "| Variable | Value | Required | Default | Meaning |",
        "| --- | --- | --- | --- | --- |",
        r"| ` PORT ` | a whole number; at least 1 | yes | ` 80 ` | a \| b \<i\>c\</i\> |",
        r"| ` API_KEY ` | secret; matches `` ^a\|`$ `` | in production |  |  |",
        "| ` LEVEL ` | ` a ` or ` b `; at most 1 character |  |  |  |",
    ]
