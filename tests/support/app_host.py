"""Runs a script as an app on an iPad would: ``python app_host.py CONTAINER MODULES SCRIPT``.

No process can be started, there is no terminal and no file descriptor behind the streams, the
environment is a plain dict, and only ``Documents`` and ``tmp`` of the container can be written to.
MODULES cannot be imported, nor those that no app has.
"""

import _posixsubprocess
import builtins
import errno
import importlib.abc
import io
import json
import os
import sys
import traceback

MISSING = "pwd grp spwd resource termios tty pty readline curses tkinter syslog".split()
MISSING_IN_OS = (
    "fork forkpty posix_spawn posix_spawnp system popen execv execve execvp spawnv spawnve "
    "get_terminal_size openpty"
).split()


class Missing(importlib.abc.MetaPathFinder):
    """Makes the import of modules that the app does not have fail."""

    def __init__(self, names):
        self.names = names

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in self.names:
            raise ImportError("No module named {!r}".format(name), name=name)


class Screen:
    """A replacement for stdout and stderr that has only ``write`` and ``flush``."""

    def __init__(self):
        self.texts = []

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError("text, not {}".format(type(text).__name__))
        self.texts.append(text)
        return len(text)

    def flush(self):
        pass


class Keyboard:
    """A replacement for stdin."""

    def read(self, size=-1):
        return ""

    def readline(self, size=-1):
        return ""


def confine(container):
    """Let Python write only below ``Documents`` and ``tmp``."""
    allowed = tuple(os.path.join(container, name) + os.sep for name in ("Documents", "tmp"))

    def check(path):
        if isinstance(path, int) or os.fsdecode(path) == os.devnull:
            return
        real = os.path.realpath(os.fsdecode(path))
        if not (real + os.sep).startswith(allowed):
            raise PermissionError(errno.EPERM, "Operation not permitted", real)

    for name in ("mkdir", "rmdir", "unlink", "remove", "chmod", "utime", "truncate"):
        setattr(os, name, checked(getattr(os, name), check, [0]))
    for name in ("rename", "replace", "link"):
        setattr(os, name, checked(getattr(os, name), check, [0, 1]))
    os.symlink = checked(os.symlink, check, [1])
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT
    os.open = checked(os.open, check, [0], lambda path, flags, *more: flags & writing)
    builtins.open = io.open = checked(
        io.open, check, [0], lambda path, mode="r", *more: set(mode) & set("wax+")
    )


def checked(function, check, places, is_writing=lambda *args: True):
    """Return the function with a check of the arguments that are paths it writes to."""

    def call(*args, **kwargs):
        if is_writing(*args):
            for place in places:
                check(args[place])
        return function(*args, **kwargs)

    return call


def refuse_processes(*args):
    raise PermissionError(errno.EPERM, "Operation not permitted")


def become_an_app(container, missing):
    """Remove what an app does not have; return the replacements for stdout and stderr."""
    _posixsubprocess.fork_exec = refuse_processes
    for name in list(sys.modules):
        if name.split(".")[0] in missing:
            del sys.modules[name]
    sys.meta_path.insert(0, Missing(missing))
    for name in MISSING_IN_OS:
        if hasattr(os, name):
            delattr(os, name)
    uname = os.uname_result(("Darwin", "iPad", "22.0.0", "Darwin Kernel", "iPad8,1"))
    os.uname = lambda: uname
    variables = dict(os.environ, HOME=container, TMPDIR=os.path.join(container, "tmp"))
    os.environ = variables  # noqa: B003 - a plain dict, as hosts put in its place
    os.chdir(os.path.join(container, "Documents"))
    confine(container)
    sys.stdin, sys.stdout, sys.stderr = Keyboard(), Screen(), Screen()
    sys.__stdin__ = sys.__stdout__ = sys.__stderr__ = None
    return sys.stdout, sys.stderr


def run(container, missing, script):
    """Run a script; return its exit code, its output, and the error that ended it."""
    with open(script, encoding="utf-8") as stream:
        source = stream.read()
    out, err = become_an_app(container, missing)
    sys.argv = [script]
    sys.path[0] = os.getcwd()
    sys.path.append(os.path.join(os.getcwd(), "site-packages"))
    code, problem = 0, ""
    try:
        exec(compile(source, script, "exec"), {"__name__": "__main__", "__file__": script})
    except SystemExit as error:
        code = error.code
    except BaseException:
        problem = traceback.format_exc()
    return {"code": code, "out": "".join(out.texts), "err": "".join(err.texts), "error": problem}


if __name__ == "__main__":
    screen, (where, names, path) = sys.stdout, sys.argv[1:]
    ended = run(os.path.realpath(where), MISSING + names.split(","), path)
    screen.write(json.dumps(ended))
    screen.flush()
