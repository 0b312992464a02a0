"""A template to run, and what runs of pipelines leave behind: observations, and processes."""

import json
import os
import time


def save_template(home, steps, variables):
    """Save the user's own template ``t``, which needs no trust, with the defaults of its variables."""
    folder = home / ".coaia" / "templates"
    folder.mkdir(parents=True, exist_ok=True)
    known = [{"name": name, "default": value} for name, value in variables.items()]
    document = {"variables": known, "steps": list(steps)}
    (folder / "t.json").write_text(json.dumps(document), "utf-8")


def observation(trace, name):
    return next(one for one in trace["observations"] if one["name"] == name)


def is_there(process):
    try:
        os.kill(process, 0)
    except OSError:
        return False
    with open("/proc/{}/stat".format(process)) as file:
        return file.read().rpartition(")")[2].split()[0] != "Z"


def wait_until(is_so):
    end = time.time() + 200
    while not is_so():
        assert time.time() < end
        time.sleep(0.05)
