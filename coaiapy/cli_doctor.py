"""``coaia fuse doctor``: settings, journal, server and outbox, one finding a line."""

import argparse
from typing import Any, Dict, List

from coaiapy.checks import doctor
from coaiapy.checks.finding import Finding, worst
from coaiapy.cli_arguments import add_json
from coaiapy.cli_common import add_timeout, example_text
from coaiapy.cli_output import print_json
from coaiapy.cli_streams import Context

_WIDTH = len("credentials")


def build(parser: argparse.ArgumentParser, words: List[str]) -> None:
    """Make ``parser`` the command."""
    parser.epilog = example_text("coaia fuse doctor\ncoaia fuse doctor --json")
    add_timeout(parser)
    parser.set_defaults(handler=examine)
    add_json(parser)


def examine(args: argparse.Namespace, context: Context) -> int:
    """Show the findings; the exit code is that of the worst."""
    findings = doctor.examine(context.env_file)
    code = worst(findings)
    if args.json:
        verdicts = [_verdict(one) for one in findings]
        print_json(context, {"verdicts": verdicts, "exit_code": int(code)})
        return code
    for one in findings:
        context.say("{:<7}  {:<{}}  {}".format(one.state, one.name, _WIDTH, one.text))
    return code


def _verdict(one: Finding) -> Dict[str, Any]:
    return {
        "check": one.name,
        "state": one.state,
        "text": one.text,
        "code": int(one.code),
        "facts": one.facts,
    }
