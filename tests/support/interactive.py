"""Real interactive shells on a terminal, with a ``coaia`` that logs its command lines."""

import os
import pty
import select
import shlex
import shutil
import subprocess
import sys
import time

from processes import environment

PROMPT = "ready>"
SECONDS = 200

# Completion is passed on to the real program; any other command line is only logged.
PROGRAM = """#!/bin/sh
case $1 in
    __complete | completion) exec {python} -m coaiapy "$@" ;;
esac
printf '%s\\0' "$#" "$@" >>{log}
"""

# The first terminal that a new session opens becomes its controlling terminal.
ON_TERMINAL = 'exec "$@" <"$0" >"$0" 2>&1'

STARTS = {
    "bash": {
        "command": ["bash", "--noprofile", "--rcfile", "{folder}/bashrc", "-i"],
        "bashrc": 'PS1="{prompt} "\nunset HISTFILE\neval "$(coaia completion bash)"\n',
    },
    "zsh": {
        "command": ["zsh", "-d", "-i"],
        ".zshrc": 'PS1="{prompt} "\nautoload -Uz compinit && compinit -u -D\n'
        'eval "$(coaia completion zsh)"\n',
    },
    "fish": {
        "command": ["fish", "-i"],
        "fish/config.fish": 'function fish_prompt; echo -n "{prompt} "; end\n'
        "set -g fish_greeting\nset -g fish_autosuggestion_enabled 0\n"
        "coaia completion fish > {folder}/fish/completions/coaia.fish\n",
        "fish/completions/coaia.fish": "",
        # Without this folder fish reads every man page of the machine, on and on in the background.
        "data/fish/generated_completions/none.fish": "",
    },
}


def has(shell):
    """Tell whether this machine has the shell."""
    return shutil.which(shell) is not None


class Terminal:
    """Types into an interactive shell as a user would; a context manager, which ends the shell."""

    def __init__(self, shell, folder, **variables):
        self.log = folder / "calls"
        self.screen = ""
        command = prepared(shell, folder, self.log)
        settings = environment(
            PATH="{}:{}".format(folder / "bin", os.environ["PATH"]),
            TERM="dumb",
            ZDOTDIR=str(folder),
            XDG_CONFIG_HOME=str(folder),
            XDG_DATA_HOME=str(folder / "data"),
            **variables,
        )
        self.terminal, self.inside = pty.openpty()
        self.child = subprocess.Popen(
            ["sh", "-c", ON_TERMINAL, os.ttyname(self.inside)] + command,
            env=settings,
            start_new_session=True,
        )
        self.until(lambda: PROMPT in self.screen)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.child.kill()
        self.child.wait()
        os.close(self.inside)
        os.close(self.terminal)

    def type(self, keys):
        """Type ``keys`` and Enter; return the words of the resulting call of ``coaia``."""
        before = len(self.calls())
        os.write(self.terminal, keys.encode("utf-8") + b"\r")
        self.until(lambda: len(self.calls()) > before)
        return self.calls()[before]

    def calls(self):
        """Return the words of every call so far, without those of completion."""
        texts = self.log.read_text("utf-8").split("\0")[:-1] if self.log.exists() else []
        found = []
        while texts and len(texts) > int(texts[0]):
            end = int(texts[0]) + 1
            found.append(texts[1:end])
            texts = texts[end:]
        return found

    def until(self, reached):
        """Read the shell's output until ``reached()`` is true."""
        deadline = time.monotonic() + SECONDS
        while not reached():
            assert time.monotonic() < deadline, "on the screen: " + self.screen
            if select.select([self.terminal], [], [], 0.02)[0]:
                self.screen += os.read(self.terminal, 65536).decode("utf-8", "replace")


def prepared(shell, folder, log):
    """Write the program and the shell's start-up files; return the shell's command line."""
    python = shlex.quote(sys.executable)
    program = folder / "bin" / "coaia"
    program.parent.mkdir(parents=True)
    written = PROGRAM.format(python=python, log=shlex.quote(str(log)))
    program.write_text(written, encoding="utf-8")
    program.chmod(0o755)
    files = dict(STARTS[shell])
    command = files.pop("command")
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = text.replace("{prompt}", PROMPT).replace("{folder}", shlex.quote(str(folder)))
        path.write_text(text, encoding="utf-8")
    return [word.format(folder=folder) for word in command]
