"""Write docs/cli.md and docs/coaia.1 from the parsers; run by ``make docs``.

Both are rendered from what the parsers know and not from their help texts, whose layout changes
with the Python and the terminal.
"""

import argparse
import re
import textwrap
from pathlib import Path
from typing import NamedTuple

from coaiapy import cli_help, coaiacli

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


class Entry(NamedTuple):
    """An argument, an option or a command: how it is written, and what it is for."""

    forms: list
    about: str


class Command(NamedTuple):
    """A command of the tree; one with ``commands`` is a group."""

    name: str
    aliases: list
    usage: str
    description: str
    commands: list
    arguments: list
    options: list
    sections: list  # of the help's last part: pairs of a heading and lines


def main():
    """Write both files."""
    for path, text in ((MARKDOWN, markdown()), (MAN_PAGE, man_page())):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode("utf-8"))
        print("wrote {}".format(path.relative_to(ROOT)))


def tree(words=(), aliases=()):
    """Yield every command, a group before what is in it."""
    parser = coaiacli.build_parser(list(words))
    for word in words:
        parser = subparsers(parser).choices[word]
    group = subparsers(parser)
    listed = group._choices_actions if group else []
    yield command_of(("coaia",) + words, aliases, parser, listed)
    for one in listed:
        name, _, others = one.metavar.partition(" (")
        yield from tree(words + (name,), others.rstrip(")").split(", ") if others else [])


def subparsers(parser):
    """Return the action that holds the subcommands of a parser, or None."""
    found = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    return found[0] if found else None


def command_of(words, aliases, parser, listed):
    """Return what is to be said of one parser."""
    actions = [one for one in parser._actions if "--help" not in one.option_strings]
    options = [one for one in actions if one.option_strings and one.help != argparse.SUPPRESS]
    places = [one for one in actions if not one.option_strings and one is not subparsers(parser)]
    needs_command = parser.get_default("handler").__name__ == "print_help"
    usage = list(words)
    usage += [forms_of(one)[-1] for one in options if one.required]
    usage += ["[OPTION]..."] if any(not one.required for one in options) else []
    usage += [place_of(one) for one in places]
    usage += ["COMMAND" if needs_command else "[COMMAND]"] if listed else []
    return Command(
        " ".join(words),
        list(aliases),
        " ".join(usage),
        parser.description,
        [Entry([one.metavar.partition(" (")[0]], one.help) for one in listed],
        [
            Entry([one.metavar or one.dest.upper()], about(one, parser))
            for one in places
            if one.help
        ],
        [Entry(forms_of(one), about(one, parser)) for one in options],
        sections_of(parser.epilog or ""),
    )


def place_of(action):
    """Return an argument as a usage line has it."""
    name = action.metavar or action.dest.upper()
    if " " in name:  # it says itself how many there may be
        return name
    return {"?": "[{}]", "*": "[{}]...", "+": "{}..."}.get(action.nargs, "{}").format(name)


def forms_of(action):
    """Return the ways to write an option, its value with the last of them."""
    names = list(action.option_strings)
    if action.nargs != 0:
        names[-1] += " " + place_of(action)
    return names


def about(action, parser):
    """Return what is said of an option or argument, with the values that it takes."""
    said = parser._get_formatter()._expand_help(action) if action.help else ""
    choices = [str(choice) for choice in action.choices or ()]
    if not choices or all(choice in said for choice in choices):
        return said
    listed = "one of " + ", ".join(choices) if len(choices) > 1 else choices[0]
    return "{}; {}".format(said, listed) if said else listed


def sections_of(epilog):
    """Return the parts of the text below the options: (heading, lines)."""
    sections = []
    for line in epilog.splitlines():
        if line.endswith(":") and not line.startswith(" "):
            sections.append((line[:-1], []))
        elif line.strip():
            sections[-1][1].append(line.strip())
    return sections


def markdown():
    """Return docs/cli.md."""
    commands = list(tree())
    parts = [
        "<!-- Written by tools/make_cli_docs.py (make docs) from the parsers: change those. -->",
        "# The command line",
        "\n\n".join(filled(text) for text in ABOUT),
        "## Contents",
        "\n".join(contents(commands)),
    ]
    for command in commands:
        parts += markdown_section(command)
    parts += ["## Exit codes", "| Code | Meaning |\n| --- | --- |\n" + rows(exit_codes())]
    parts += ["## Times", "| Written | Meaning |\n| --- | --- |\n" + rows(cli_help.TIMES)]
    parts += [
        "## Variables",
        "| Variable | Meaning |\n| --- | --- |\n" + rows(cli_help.variables()),
    ]
    parts += ["## Files", "| Path | Contents |\n| --- | --- |\n" + rows(FILES)]
    return "\n\n".join(parts) + "\n"


def contents(commands):
    """Yield the lines of the table of contents."""
    for command in commands:
        depth = command.name.count(" ")
        line = "{}- [{}](#{}): {}"
        name = command.name if depth < 2 else command.name.rpartition(" ")[2]
        text = escaped(command.description[:1].lower() + command.description[1:].rstrip("."))
        yield line.format("  " * depth, name, command.name.replace(" ", "-"), text)
    for title in ("Exit codes", "Times", "Variables", "Files"):
        yield "- [{}](#{})".format(title, title.lower().replace(" ", "-"))


def markdown_section(command):
    """Yield the paragraphs about one command."""
    yield "{} {}".format("##" if command.name.count(" ") < 2 else "###", command.name)
    yield escaped(command.description)
    yield "```text\n{}\n```".format(command.usage)
    if command.aliases:
        above = command.name.rpartition(" ")[0]
        names = ["`{} {}`".format(above, alias) for alias in command.aliases]
        yield "{}: {}.".format("Alias" if len(names) == 1 else "Aliases", ", ".join(names))
    if command.commands:
        yield "\n".join(
            "- [`{0}`](#{1}): {2}".format(
                entry.forms[0],
                "{} {}".format(command.name, entry.forms[0]).replace(" ", "-"),
                escaped(entry.about),
            )
            for entry in command.commands
        )
    entries = command.arguments + command.options
    if entries:
        yield "\n".join(bullet(entry) for entry in entries)
    for heading, lines in command.sections:
        if heading.startswith("example"):
            yield "```bash\n{}\n```".format("\n".join(lines))
        else:
            yield "{}:".format(heading.capitalize())
            yield "```text\n{}\n```".format("\n".join(lines))


def bullet(entry):
    """Return one argument or option as an item of a list."""
    forms = ", ".join("`{}`".format(form) for form in entry.forms)
    return "- {}: {}".format(forms, escaped(entry.about)) if entry.about else "- " + forms


def rows(pairs):
    """Return the rows of a table."""
    return "\n".join(
        "| `{}` | {} |".format(name, escaped(text).replace("|", "\\|")) for name, text in pairs
    )


def exit_codes():
    """Return pairs of a number and its meaning."""
    return [(str(int(code)), meaning) for code, meaning in cli_help.EXIT_CODES]


def escaped(text):
    """Return ``text`` so that Markdown shows it as it is."""
    return re.sub(r"([\\`*_<>\[\]])", r"\\\1", text)


def filled(text):
    """Return a paragraph in lines of 100 characters."""
    return textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False)


def man_page():
    """Return docs/coaia.1. It names no version and no day: a release does not change it."""
    commands = list(tree())
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
    lines += [".SH OPTIONS"] + tagged(commands[0].options) + [".SH COMMANDS"]
    for command in commands[1:]:
        lines += man_section(command)
    for heading, pairs in (
        ("EXIT STATUS", exit_codes()),
        ("TIMES", cli_help.TIMES),
        ("ENVIRONMENT", cli_help.variables()),
        ("FILES", FILES),
    ):
        lines += [".SH " + heading] + tagged([Entry([name], text) for name, text in pairs])
    lines += [".SH EXAMPLES"] + examples(commands[0])[1:]
    return "\n".join(lines) + "\n"


def man_section(command):
    """Return the lines about one command."""
    others = " (also: {})".format(", ".join(command.aliases)) if command.aliases else ""
    lines = ['.SS "{}"'.format(roff(command.usage))]
    lines += paragraph(command.description.rstrip(".") + others + ".")
    return lines + tagged(command.arguments + command.options) + examples(command)


def tagged(entries):
    """Return entries as paragraphs with a tag in front."""
    lines = []
    for entry in entries:
        forms = [roff(form).partition(" ") for form in entry.forms]
        tags = ["\\fB{}\\fR{}\\fI{}\\fR".format(*form) for form in forms]
        lines += [".TP", ", ".join(tags).replace("\\fI\\fR", "")] + paragraph(entry.about)
    return lines


def paragraph(text):
    """Return a paragraph in lines that are no longer than a manual page likes them."""
    return [roff(line) for line in textwrap.wrap(text, 72, break_on_hyphens=False)] or ["\\&"]


def examples(command):
    """Return the examples of a command, laid out as they are."""
    lines = [line for heading, some in command.sections for line in some]
    return (
        [".PP", ".RS 4", ".nf"] + [roff(line) for line in lines] + [".fi", ".RE"] if lines else []
    )


def roff(text):
    """Return ``text`` so that a formatter shows it as it is, on any line."""
    plain = "".join(ROFF.get(char, char) for char in text)
    return "\\&" + plain if plain.startswith(".") else plain


if __name__ == "__main__":
    main()
