"""What of a command's output a record shows: its end, as a screen would show it, without secrets."""

import re
from typing import Any, Callable, Sequence

from coaiapy.config import redaction
from coaiapy.env.schema.secret_values import secret_values
from coaiapy.running.expressions import WITHHELD, Expressions
from coaiapy.running.tail import Tail
from coaiapy.util.masking import MASK, forms_of, without

# Bytes before the end that is shown: a secret that begins there is recognized and masked.
MARGIN = 1 << 14
# Escape sequences of terminals: CSI, OSC and other strings, and those of two characters.
_ESCAPES = r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|\Z)|[ -/]*[0-~])"
# The usual shapes of keys. Each begins where a word does, so that none is found in the middle of text.
# In front stands, in lower case, what a text must contain for that: few texts have to be searched.
_SHAPES = (
    ("sk-", r"\bsk-[A-Za-z0-9_-]{16,}"),  # OpenAI, Anthropic, Langfuse
    ("k_", r"\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,}"),  # Stripe
    ("gh", r"\bgh[pousr]_[A-Za-z0-9]{20,}"),
    ("github_pat_", r"\bgithub_pat_\w{20,}"),
    ("glpat-", r"\bglpat-[\w-]{16,}"),
    ("akia", r"\bAKIA[A-Z0-9]{16}\b"),
    ("asia", r"\bASIA[A-Z0-9]{16}\b"),
    ("xox", r"\bxox[a-z]-[A-Za-z0-9-]{10,}"),  # Slack
    ("aiza", r"\bAIza[\w-]{30,}"),  # Google
    ("hf_", r"\bhf_[A-Za-z0-9]{20,}"),
    ("gsk_", r"\bgsk_[A-Za-z0-9]{20,}"),
    ("npm_", r"\bnpm_[A-Za-z0-9]{20,}"),
    ("pypi-", r"\bpypi-[\w-]{30,}"),
    ("eyj", r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),  # JWT
    ("bearer ", r"(?i)(?<=\bbearer )[\w.~+/-]{8,}=*"),
    ("basic ", r"(?i)(?<=\bbasic )[A-Za-z0-9+/]{8,}=*"),
    (
        "private key-----",
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    ),
    ("private key-----", r"\A[A-Za-z0-9+/=\s]+-----END [A-Z ]*PRIVATE KEY-----"),
    ("://", r"(?<=://)[^/?#\s@]*:[^/\s@]+(?=@)"),
)


class Redaction:
    """Masks the secrets of the settings and of the environment, the usual shapes of keys, ``secrets``,
    and what ``more``, regular expressions of the user, match.

    Raises ``UsageError`` for an expression that is wrong.
    """

    def __init__(
        self, more: Sequence[str] = (), env_file: Any = None, secrets: Sequence[str] = ()
    ) -> None:
        self._more = Expressions(more)
        # Found once: many texts are masked in one run.
        self._forms = forms_of(redaction.secrets(env_file).union(secrets, secret_values()))

    def __call__(self, text: str) -> str:
        text = without(text, self._forms)
        lower = text.lower()
        for mark, shape in _SHAPES:
            if mark in lower:
                text = re.sub(shape, MASK, text)
        return self._more(text)


def masked(value: Any, redacted: Callable[[str], str]) -> Any:
    """Return a JSON value with all its texts masked."""
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, dict):
        return {redacted(key): masked(one, redacted) for key, one in value.items()}
    return [masked(one, redacted) for one in value] if isinstance(value, (list, tuple)) else value


def shown(tail: Tail, most: int, redacted: Callable[[str], str], on_terminal: bool) -> str:
    """Return the last ``most`` bytes of a stream as text, as a screen would show them, masked.

    ``tail`` holds ``MARGIN`` bytes more; what begins there and reaches into the end is masked too.
    """
    text = re.sub(_ESCAPES, "", tail.value().decode("utf-8", "replace"))
    if on_terminal:
        text = "\n".join(map(_overwritten, text.replace("\r\n", "\n").split("\n")))
    text = redacted(text)
    if tail.is_cut and text != WITHHELD:
        text = text[MARGIN:]
    return text.encode("utf-8", "replace")[-most:].decode("utf-8", "ignore") if most else ""


def _overwritten(line: str) -> str:
    """Return what stays of a line after each carriage return has begun it anew."""
    seen = ""
    for part in line.split("\r"):
        seen = part + seen[len(part) :]
    return seen
