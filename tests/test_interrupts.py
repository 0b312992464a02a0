"""Signals that end the program: at any moment, with one sentence, and not within other programs."""

import os
import signal
import subprocess
import sys
import time

import pytest
from processes import COAIA, environment

# What main() does with a block of code, in a program of its own.
PROGRAM = """
import os, signal, time
from coaiapy import interrupts
interrupts.watch()
stop = lambda: os.kill(os.getpid(), signal.SIGTERM)
try:
    with interrupts.Allowed():
        {}
except KeyboardInterrupt:
    print(interrupts.sentence(), interrupts.exit_code())
"""

ANYWHERE = {
    "in plain code": "stop(); time.sleep(300)",
    "twice": "try: stop(); time.sleep(300)\nfinally: stop(); stop()",
    "in an import": "import stopping; os.write(1, b'imported\\n'); time.sleep(300)",
    "in a finalizer": "class A:\n  def __del__(self): stop(); self\nA(); time.sleep(300)",
    "in a callback": """
import weakref
class A: pass
a = A(); weakref.finalize(a, stop); del a; time.sleep(300)""",
    "in a function of SQLite": """
import sqlite3
db = sqlite3.connect(':memory:')
db.create_function('stop', 0, stop)
db.execute('SELECT stop()')""",
    "at the end": "interrupts._Watch.is_allowed = False; stop()",
}


def python(*words, **options):
    """Run Python; return its exit code, stdout and stderr."""
    process = subprocess.run(
        [sys.executable] + [str(word) for word in words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=200,
        env=environment(),
        **options,
    )
    return process.returncode, process.stdout.decode("utf-8"), process.stderr.decode("utf-8")


def indented(block):
    return block.strip().replace("\n", "\n        ")


@pytest.mark.parametrize("block", list(ANYWHERE.values()), ids=list(ANYWHERE))
def test_a_signal_interrupts_once_wherever_it_comes(project, block):
    (project / "stopping.py").write_text("import os, signal; os.kill(os.getpid(), signal.SIGTERM)")
    (project / "program.py").write_text(PROGRAM.format(indented(block)))
    out = "imported\n" if "imported" in block else ""
    begun = time.monotonic()
    assert python("program.py") == (0, out + "ended by SIGTERM 143\n", "")
    assert time.monotonic() - begun < 100


def test_a_program_that_cannot_be_interrupted_is_ended(project):
    block = "try: stop()\nexcept BaseException: pass\nwhile True: time.sleep(60)"
    (project / "program.py").write_text(PROGRAM.format(indented(block)))
    assert python("program.py") == (143, "", "coaia: ended by SIGTERM\n")


def test_no_thread_that_is_left_holds_up_the_end(project):
    """Python stops such a thread where it is, here with a lock that is needed at the very end."""
    (project / "coaia").write_text(
        "import coaiapy, threading, time, sys\n"
        "from coaiapy.coaiacli import main\n"
        "lock = threading.Lock()\n"
        "threading.Thread(target=lambda: lock.acquire() and time.sleep(60), daemon=True).start()\n"
        "class Last:\n"
        "    def __del__(self, lock=lock): lock.acquire()\n"
        "last = Last()\n"
        "sys.exit(main())\n"
    )
    assert python("coaia", "env", "set", "A", "1")[0] == 0
    assert python("coaia", "env", "get", "A") == (0, "1\n", "")
    assert python("coaia", "nonsense")[0] == 2


def test_a_signal_before_the_command_begins_is_told_by_it(project):
    (project / "coaia").write_text(
        "import coaiapy, os, signal, sys\n"
        "os.kill(os.getpid(), signal.SIGINT)\n"
        "from coaiapy.coaiacli import main\n"
        "sys.exit(main())\n"
    )
    assert python("coaia", "env", "set", "A", "1") == (130, "", "coaia: interrupted\n")
    assert os.listdir(str(project)) == ["coaia"]


def open_when_read(fifo):
    """Open ``fifo`` for writing as soon as another process reads from it."""
    deadline = time.monotonic() + 200
    while True:
        try:
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            assert time.monotonic() < deadline, "nobody reads the file"


@pytest.mark.parametrize("program", ["coaia", "-m"])
def test_a_signal_that_is_ignored_stays_ignored(project, program):
    os.mkfifo(str(project / "fifo"))
    script = os.path.join(os.path.dirname(sys.executable), "coaia")
    command = [script] if program == "coaia" else COAIA
    running = subprocess.Popen(
        command + ["fuse", "traces", "add-observations", "t", "-f", "fifo"],
        stderr=subprocess.PIPE,
        env=environment(),
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )
    writer = open_when_read("fifo")
    running.send_signal(signal.SIGHUP)
    running.send_signal(signal.SIGTERM)
    _, err = running.communicate(timeout=200)
    os.close(writer)
    assert (running.returncode, err) == (143, b"coaia: ended by SIGTERM\n")


def test_a_program_that_uses_coaia_keeps_its_signals(project):
    (project / "program.py").write_text(
        "import coaiapy, signal, sys\n"
        "numbers = signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM\n"
        "before = [signal.getsignal(number) for number in numbers]\n"
        "class Screen:\n"
        "    def write(self, text): self.during = [signal.getsignal(one) for one in numbers]\n"
        "    def flush(self): pass\n"
        "known, sys.stdout = sys.stdout, Screen()\n"
        "sys.argv = ['program', '--version']\n"
        "codes = coaiapy.main(['--version']), coaiapy.main()\n"
        "print(codes, before == sys.stdout.during, file=known)\n"
        "print(before == [signal.getsignal(number) for number in numbers], file=known)\n"
    )
    assert python("program.py") == (0, "(0, 0) True\nTrue\n", "")


@pytest.mark.parametrize(
    "number, code, said",
    [
        (signal.SIGINT, 130, "coaia: interrupted"),
        (signal.SIGTERM, 143, "coaia: ended by SIGTERM"),
        (signal.SIGHUP, 129, "coaia: ended by SIGHUP"),
    ],
)
def test_a_real_signal_ends_a_command_that_reads(project, number, code, said):
    fifo = project / "observations.jsonl"
    os.mkfifo(str(fifo))
    words = ["fuse", "traces", "add-observations", "a-trace", "-f", str(fifo)]
    running = subprocess.Popen(COAIA + words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    writer = open_when_read(str(fifo))
    running.send_signal(number)
    out, err = running.communicate(timeout=200)
    os.close(writer)
    assert running.returncode == code
    assert out == b""
    assert err.decode("utf-8").splitlines()[-1] == said
    assert b"Traceback" not in err
