"""Real processes that start at once: each is forked from one that has imported the package."""

import io
import multiprocessing
import os
import signal

FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload(
    [
        "requests",
        "coaiapy.cli.commands.fuse_branches",
        "coaiapy.langfuse.traces.traces",
        "coaiapy.langfuse.send.chunk_sender",
    ]
)


class Forked:
    """A process that runs ``work(connection, *arguments)`` in this folder and environment."""

    def __init__(self, work, *arguments):
        self.connection, theirs = FORKING.Pipe()
        given = (theirs, dict(os.environ), os.getcwd(), work, arguments)
        self._process = FORKING.Process(target=_work, args=given)
        self._process.start()
        theirs.close()

    def kill(self):
        """End it as ``kill -9`` does, if it has not ended."""
        if self._process.is_alive():
            os.kill(self._process.pid, signal.SIGKILL)
        self.wait()

    def wait(self):
        self._process.join()
        self.connection.close()


def all_at_once(work, arguments):
    """Call ``work`` with each of the lists of arguments, in as many processes; return the results."""
    running = [Forked(_answer, work, *one) for one in arguments]
    results = [one.connection.recv() for one in running]
    for one in running:
        one.wait()
    return results


def commands_at_once(command_lines):
    """Run ``coaia`` with each of these lists of words; return the code, stdout and stderr of each."""
    return all_at_once(_coaia, [[words] for words in command_lines])


def _work(connection, environment, folder, work, arguments):
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    work(connection, *arguments)


def _answer(connection, work, *arguments):
    connection.send(work(*arguments))


def _coaia(words):
    from coaiapy.cli.streams import Context
    from coaiapy.coaiacli import main

    out, err = io.StringIO(), io.StringIO()
    code = main(words, Context(io.StringIO(), out, err))
    return code, out.getvalue(), err.getvalue()
