"""The longest time of any command against each kind of bad server, with the limits a user has.

Run it in an environment of the tests: ``.venv/3.11/bin/python bench/bad_servers.py``. Every command
is a process of its own with a home of its own, so that none knows from another that a server is away.
It prints a table in Markdown and fails if a command had to be killed.
"""

import collections
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(ROOT, "tests", "support"), os.path.join(ROOT, "tests")]

from bad_servers import HOST, HTTP_KINDS, REDIS_KINDS, misbehaving  # noqa: E402
from whole.test_bad_servers import LANGFUSE, OTHERS, REDIS, write_audio  # noqa: E402

# Seconds after which a command counts as one that never ends: the longest limit is 120.
NEVER = 180
# Nearly all of their time they wait.
AT_ONCE = 16
SECRETS = ("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY", "OPENAI_API_KEY", "GH_TOKEN")
SECRETS += ("AWS_KEY_ID", "AWS_SECRET_KEY")
# A tail goes on when a server is away: that is what it is for.
ENDLESS = ("fuse traces tail",)


def main():
    jobs = [(kind, words) for kind in HTTP_KINDS for words in LANGFUSE + OTHERS]
    jobs += [(kind, words) for kind in REDIS_KINDS for words in REDIS]
    jobs = [(kind, words) for kind, words in jobs if words not in ENDLESS]
    longest = collections.defaultdict(lambda: (0.0, "", 0))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for (kind, words), (seconds, code) in zip(jobs, pool.map(measured, jobs)):
            row = (service_of(words), kind.__name__)
            longest[row] = max(longest[row], (seconds, words, code))
    print(
        "| Service | Server | Longest (s) | Exit code | Command |\n| --- | --- | --- | --- | --- |"
    )
    for (service, kind), (seconds, words, code) in sorted(longest.items()):
        print("| {} | {} | {:.1f} | {} | `coaia {}` |".format(service, kind, seconds, code, words))
    print("\n{} starts, {} of them killed".format(len(jobs), killed(longest)))
    return 1 if killed(longest) else 0


def service_of(words):
    """Return what a command asks, as its limit is called in the documentation."""
    if words in REDIS:
        return "Redis"
    names = {"gh": "GitHub", "synthesize": "AWS", "fuse": "Langfuse", "pipeline": "Langfuse"}
    return names.get(words.split()[0], "checks" if words.startswith("config") else "models")


def killed(longest):
    return sum(code is None for _, _, code in longest.values())


def measured(job):
    """Return the seconds that a command took, and its exit code, ``None`` if it did not end."""
    kind, words = job
    with tempfile.TemporaryDirectory() as folder, misbehaving(kind) as port:
        write_audio(Path(folder))
        command = [os.path.join(os.path.dirname(sys.executable), "coaia")] + words.split()
        begin = time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=variables(folder, port),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(NEVER)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return time.monotonic() - begin, None
        return time.monotonic() - begin, process.returncode


def variables(folder, port):
    url = "http://{}:{}".format(HOST, port)
    found = {"PATH": os.environ["PATH"], "HOME": folder, "LC_ALL": "C.UTF-8"}
    for name in ("LANGFUSE_BASE_URL", "GITHUB_API_URL", "AWS_ENDPOINT_URL"):
        found[name] = url
    found.update(dict.fromkeys(SECRETS, "key"), OPENAI_BASE_URL=url + "/v1")
    found.update(REDIS_URL="redis://{}:{}".format(HOST, port), AWS_EC2_METADATA_DISABLED="true")
    return found


if __name__ == "__main__":
    sys.exit(main())
