"""Write docs/cli.md and docs/coaia.1 from the parsers; run by ``make docs``.

Both are rendered from what the parsers know and not from their help texts, whose layout changes
with the Python and the terminal.
"""

import re
import textwrap
from pathlib import Path

from coaiapy import coaiacli
from coaiapy.cli.commands import help

ROOT = Path(__file__).resolve().parent.parent
MARKDOWN = ROOT / "docs" / "cli.md"
MAN_PAGE = ROOT / "docs" / "coaia.1"

ABOUT = (
    "coaia records the steps of an AI workflow as a Langfuse trace with one command, from templates "
    "that can be extended. Without Langfuse keys, everything is kept in a journal on this machine "
    "and read back from there. With keys, it is sent to Langfuse; records that could not be sent "
    "wait in the outbox.",
    "Data goes to standard output; notes, warnings and errors go to standard error. Every command "
    "has --help, which shows what this page says about it. Words after -- are never read as options.",
)

FILES = (
    ("~/.coaia/coaia.db", "the journal: traces, observations, scores and stashed values"),
    ("~/.coaia/templates/, ./.coaia/templates/", "templates of the user and of the project"),
    ("~/.coaia/tags/, ./.coaia/tags/", "process tags of the user and of the project"),
    ("~/.coaia/score-configs/", "cache: the score configs that the server listed last"),
    ("~/.coaia/prompts/", "cache: the last copy of each prompt, for when the server is down"),
    ("~/.coaia/global.env, ./.coaia-env", "environments; a named one has .NAME appended"),
    ("./.env, ./coaia.json, ~/coaia.json", "settings; the first file that has a setting wins"),
)


# What a formatter would take for its own, or print as another character.
ROFF = {
    "\\": "\\e",
    "-": "\\-",
    "'": "\\(aq",
    '"': "\\(dq",
    "`": "\\(ga",
    "^": "\\(ha",
    "~": "\\(ti",
}


def main():
    """Write both files."""
    for path, text in ((MARKDOWN, markdown()), (MAN_PAGE, man_page())):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode("utf-8"))
        print("wrote {}".format(path.relative_to(ROOT)))


def commands():
    """Return every command, a group before what is in it."""
    return list(help.flat(help.command(coaiacli.build_parser)))


def entries_of(command):
    """Return pairs for the operands that have a help and the options: forms, and what they are for."""
    operands = [([one["name"]], about(one)) for one in command["operands"] if one["help"]]
    return operands + [(help.forms(one), about(one)) for one in command["options"]]


def about(entry):
    """Return what is said of an option or operand, with the values that it takes."""
    said, choices = entry["help"], entry["choices"]
    if not choices or all(choice in said for choice in choices):
        return said
    listed = "one of " + ", ".join(choices) if len(choices) > 1 else choices[0]
    return "{}; {}".format(said, listed) if said else listed


def sections_of(command):
    """Return what stands below the options: (heading, lines)."""
    shown = list(command["notes"].items())
    return shown + [("examples", command["examples"])] if command["examples"] else shown


def markdown():
    """Return docs/cli.md."""
    every = commands()
    parts = [
        "<!-- Written by tools/make_cli_docs.py (make docs) from the parsers: change those. -->",
        "# The command line",
        "\n\n".join(filled(text) for text in ABOUT),
        "## Contents",
        "\n".join(contents(every)),
    ]
    for command in every:
        parts += markdown_section(command)
    parts += ["## Exit codes", "| Code | Meaning |\n| --- | --- |\n" + rows(exit_codes())]
    parts += ["## Times", "| Written | Meaning |\n| --- | --- |\n" + rows(help.TIMES)]
    parts += [
        "## Variables",
        "| Variable | Meaning |\n| --- | --- |\n" + rows(help.variables()),
    ]
    parts += ["## Files", "| Path | Contents |\n| --- | --- |\n" + rows(FILES)]
    return "\n\n".join(parts) + "\n"


def contents(every):
    """Yield the lines of the table of contents."""
    for command in every:
        depth = command["name"].count(" ")
        line = "{}- [{}](#{}): {}"
        name = command["name"] if depth < 2 else command["name"].rpartition(" ")[2]
        text = escaped(line_of(command))
        yield line.format("  " * depth, name, command["name"].replace(" ", "-"), text)
    for title in ("Exit codes", "Times", "Variables", "Files"):
        yield "- [{}](#{})".format(title, title.lower().replace(" ", "-"))


def markdown_section(command):
    """Yield the paragraphs about one command."""
    yield "{} {}".format("##" if command["name"].count(" ") < 2 else "###", command["name"])
    yield escaped(command["help"])
    yield "```text\n{}\n```".format(command["usage"])
    if command["aliases"]:
        above = command["name"].rpartition(" ")[0]
        names = ["`{} {}`".format(above, alias) for alias in command["aliases"]]
        yield "{}: {}.".format("Alias" if len(names) == 1 else "Aliases", ", ".join(names))
    if command["commands"]:
        yield "\n".join(
            "- [`{0}`](#{1}): {2}".format(
                below["name"].rpartition(" ")[2],
                below["name"].replace(" ", "-"),
                escaped(line_of(below)),
            )
            for below in command["commands"]
        )
    entries = entries_of(command)
    if entries:
        yield "\n".join(bullet(*entry) for entry in entries)
    for heading, lines in sections_of(command):
        if heading.startswith("example"):
            yield "```bash\n{}\n```".format("\n".join(lines))
        else:
            yield "{}:".format(heading.capitalize())
            yield "```text\n{}\n```".format("\n".join(lines))


def line_of(command):
    """Return the help line of a command, as a list has it."""
    return command["help"][:1].lower() + command["help"][1:].rstrip(".")


def bullet(forms, said):
    """Return one operand or option as an item of a list."""
    names = ", ".join("`{}`".format(form) for form in forms)
    return "- {}: {}".format(names, escaped(said)) if said else "- " + names


def rows(pairs):
    """Return the rows of a table."""
    return "\n".join(
        "| `{}` | {} |".format(name, escaped(text).replace("|", "\\|")) for name, text in pairs
    )


def exit_codes():
    """Return pairs of a number and its meaning."""
    return [(str(int(code)), meaning) for code, meaning in help.EXIT_CODES]


def escaped(text):
    """Return ``text`` so that Markdown shows it as it is."""
    return re.sub(r"([\\`*_<>\[\]])", r"\\\1", text)


def filled(text):
    """Return a paragraph in lines of 100 characters."""
    return textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False)


def man_page():
    """Return docs/coaia.1. It names no version and no day: a release does not change it."""
    first, *others = commands()
    lines = [
        '.\\" Written by tools/make_cli_docs.py (make docs) from the parsers: change those.',
        '.TH COAIA 1 "" "coaiapy" "User Commands"',
        ".SH NAME",
        "coaia \\- " + roff("traces, pipelines and environments of AI workflows"),
        ".SH SYNOPSIS",
        "\\fBcoaia\\fR [\\fIOPTION\\fR]... \\fICOMMAND\\fR [\\fIARGUMENT\\fR]...",
        ".SH DESCRIPTION",
    ]
    lines += paragraph(ABOUT[0]) + [".PP"] + paragraph(ABOUT[1])
    lines += [".SH OPTIONS"] + tagged(entries_of(first)) + [".SH COMMANDS"]
    for command in others:
        lines += man_section(command)
    for heading, pairs in (
        ("EXIT STATUS", exit_codes()),
        ("TIMES", help.TIMES),
        ("ENVIRONMENT", help.variables()),
        ("FILES", FILES),
    ):
        lines += [".SH " + heading] + tagged([([name], text) for name, text in pairs])
    lines += [".SH EXAMPLES"] + examples(first)[1:]
    return "\n".join(lines) + "\n"


def man_section(command):
    """Return the lines about one command."""
    others = " (also: {})".format(", ".join(command["aliases"])) if command["aliases"] else ""
    lines = ['.SS "{}"'.format(roff(command["usage"]))]
    lines += paragraph(command["help"].rstrip(".") + others + ".")
    return lines + tagged(entries_of(command)) + examples(command)


def tagged(entries):
    """Return entries as paragraphs with a tag in front."""
    lines = []
    for forms, said in entries:
        tags = ["\\fB{}\\fR{}\\fI{}\\fR".format(*roff(form).partition(" ")) for form in forms]
        lines += [".TP", ", ".join(tags).replace("\\fI\\fR", "")] + paragraph(said)
    return lines


def paragraph(text):
    """Return a paragraph in lines that are no longer than a manual page likes them."""
    return [roff(line) for line in textwrap.wrap(text, 72, break_on_hyphens=False)] or ["\\&"]


def examples(command):
    """Return the examples of a command, laid out as they are."""
    lines = [line for heading, some in sections_of(command) for line in some]
    return (
        [".PP", ".RS 4", ".nf"] + [roff(line) for line in lines] + [".fi", ".RE"] if lines else []
    )


def roff(text):
    """Return ``text`` so that a formatter shows it as it is, on any line."""
    plain = "".join(ROFF.get(char, char) for char in text)
    return "\\&" + plain if plain.startswith(".") else plain


if __name__ == "__main__":
    main()
