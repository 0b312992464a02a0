"""What several commands say: about new private keys, and about lines for a shell."""

from typing import TYPE_CHECKING, Optional

from coaiapy.cli.streams import Context, is_terminal

if TYPE_CHECKING:
    from coaiapy.env.encryption import NewKey


def note_new_key(context: Context, key: "Optional[NewKey]") -> None:
    """Say where a new private key is, and what it is for."""
    if key is None:
        return
    note_ignored(context, key.ignored)
    context.note(
        "made a pair of keys: the private one is {} in {}, without which nobody can read the "
        "values; keep a copy, and do not commit it".format(key.name, key.place)
    )


def note_ignored(context: Context, path: Optional[str]) -> None:
    """Say that a ``.gitignore`` was changed."""
    if path:
        context.note("added .env.keys to {}".format(path))


def note_eval(context: Context) -> None:
    """A person who sees such lines on the terminal may not know what they are for."""
    if is_terminal(context.stdout):
        context.note('these lines only take effect with eval: eval "$(coaia env ...)"')
