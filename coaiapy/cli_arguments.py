"""What command lines are made of everywhere: values with a check, and JSON on the way out."""

import argparse
import json
from typing import Any, Optional

from coaiapy import times
from coaiapy.cli_common import Context
from coaiapy.errors import UsageError


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add ``--json``."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def print_json(context: Context, value: Any) -> None:
    """Print ``value`` as JSON, for people and programs."""
    context.say(json.dumps(value, ensure_ascii=False, indent=2))


def json_or_text(text: Optional[str]) -> Any:
    """Return what a JSON text says, and any other text as it is."""
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def json_value(text: str) -> Any:
    """Take any JSON."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError("{!r} is not JSON: {}".format(text, error)) from error


def json_object(text: str) -> Any:
    """Take a JSON object."""
    value = json_value(text)
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError("{!r} is not a JSON object".format(text))
    return value


def time(text: str) -> str:
    """Take a point in time, in any form that ``times`` reads."""
    try:
        return times.parse_time(text)
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def positive(text: str) -> int:
    """Take a whole number above zero."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError("{!r} is not a whole number above 0".format(text))
    return int(text)


def seconds(text: str) -> float:
    """Take a number of seconds above zero."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 1e6:
        raise argparse.ArgumentTypeError("{!r} is not a number of seconds above 0".format(text))
    return number
