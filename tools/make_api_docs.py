"""Write docs/api.md from the docstrings of what scripts may call; run by ``make docs``."""

import inspect
import re
from pathlib import Path

import coaiapy
from coaiapy import api, api_observe

ROOT = Path(__file__).resolve().parent.parent
MARKDOWN = ROOT / "docs" / "api.md"

HEADING = """\
<!-- Written by tools/make_api_docs.py (make docs) from the docstrings: change those. -->

# For scripts: `import coaiapy`
"""


def main():
    """Write the file."""
    MARKDOWN.write_bytes(markdown().encode("utf-8"))
    print("wrote {}".format(MARKDOWN.relative_to(ROOT)))


def markdown():
    """Return the whole document."""
    about = inspect.getdoc(api).split("\n\n", 1)[1]
    parts = [HEADING, text_of(about), "`Body` is a `Dict[str, Any]`: a JSON object.\n"]
    public = [getattr(coaiapy, name) for name in coaiapy.__all__]
    for function in in_the_order_of_the_source(public):
        parts.append("## {}\n\n```python\n{}\n```\n".format(function.__name__, head_of(function)))
        parts.append(text_of(inspect.getdoc(function)))
    beside = inspect.getdoc(api_observe).split("\n\n", 1)[1]
    parts.append("## `observe` and the package langfuse\n\n" + text_of(beside))
    parts.append("## Errors\n\n" + table_of_errors(public))
    return "\n".join(parts)


def in_the_order_of_the_source(values):
    """What a script does comes first, as it does it, and the command last."""
    functions = [one for one in values if inspect.isfunction(one)]
    return sorted(functions, key=_place)


def _place(function):
    return function is coaiapy.main, function.__module__, inspect.getsourcelines(function)[1]


def head_of(function):
    """Return the lines that define a function, up to its docstring."""
    return re.match(r"(def .*?):\n +\"\"\"", inspect.getsource(function), re.DOTALL).group(1)


def text_of(docstring):
    """Return a docstring as Markdown: its examples in blocks, its code in single ticks."""
    paragraphs = []
    for paragraph in docstring.split("\n\n"):
        if paragraph.startswith(">>> "):
            paragraphs.append("```pycon\n{}\n```".format(paragraph))
        else:
            paragraphs.append(paragraph.replace("``", "`"))
    return "\n\n".join(paragraphs) + "\n"


def table_of_errors(public):
    """Return a row for each exception: what it means, and the exit code of a command."""
    rows = ["| Raised | Exit code | What it says |", "| --- | --- | --- |"]
    for kind in public:
        if inspect.isclass(kind) and issubclass(kind, coaiapy.CoaiaError):
            about = inspect.getdoc(kind).split("\n\n")[0].replace("``", "`")
            code = int(kind.exit_code)
            rows.append("| `{}` | {} | {} |".format(kind.__name__, code, about.replace("\n", " ")))
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    main()
