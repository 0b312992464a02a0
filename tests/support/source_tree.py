"""The files of this checkout, without hidden and generated ones, and copies of them."""

import os
import shutil

from places import ROOT

MADE = ("build", "dist", "__pycache__")


def files():
    """Yield the path of each file, from the top of the tree."""
    for folder, folders, names in os.walk(str(ROOT)):
        folders[:] = [name for name in folders if not is_made(name)]
        for name in names:
            yield os.path.relpath(os.path.join(folder, name), str(ROOT))


def is_made(folder):
    return folder.startswith(".") or folder in MADE or folder.endswith(".egg-info")


def copy_to(folder):
    """Copy the tree into ``folder``, which is created, and return it."""
    for name in files():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(str(ROOT / name), str(folder / name))
    return folder
