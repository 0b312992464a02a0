"""Looks at what runs of pipelines leave behind: observations, and processes."""

import os
import time


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
    end = time.time() + 20
    while not is_so():
        assert time.time() < end
        time.sleep(0.05)
