"""Reads archives in memory: nothing is unpacked onto the disk, and nothing out of proportion is read."""

import gzip
import io
import os
import tarfile
import zipfile
import zlib
from typing import Any, Dict, Iterator, Mapping, NamedTuple, Optional

from coaiapy.errors import RefusedError, UsageError
from coaiapy.gallery.source_folder import (
    MOST_FILES,
    Content,
    Folder,
    chosen_folder,
    is_wanted,
    most_bytes,
    too_large,
)

_MOST_MEMBERS = 20000
# Bytes that an archive may be, and that a compressed one may unpack to.
LARGEST = 16 << 20
_LARGEST_UNPACKED = 128 << 20


class _Member(NamedTuple):
    path: str
    is_folder: bool
    is_regular: bool
    content: Optional[bytes]


def folder_of(content: bytes, name: str, wanted: str) -> Folder:
    """Return the folder with templates in an archive, or the single file called ``name``.

    Raises ``UsageError`` for an archive that is broken or too large, or has a path that leads out of it.
    """
    if not name.lower().endswith((".zip", ".tar.gz", ".tgz")):
        return Folder("", {os.path.basename(name): content})
    try:
        members = _zip if name.lower().endswith(".zip") else _tar
        files = _gathered(members(content), name)
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        zlib.error,
        EOFError,
        OSError,
        NotImplementedError,
        RuntimeError,
        ValueError,
    ) as error:
        raise UsageError("{} is not an archive that can be read: {}".format(name, error)) from error
    return chosen_folder(lambda path: _inside(files, path), wanted, name)


def _gathered(members: Iterator[_Member], name: str) -> Dict[str, Content]:
    """Return the wanted files by their path; a single folder around everything is left out."""
    files: Dict[str, Content] = {}
    tops = set()
    for count, one in enumerate(members):
        if count >= _MOST_MEMBERS or len(files) > MOST_FILES:
            raise UsageError("{} has too many files to be an archive of templates".format(name))
        path = _checked_path(one.path, name)
        if not path:
            continue
        tops.add((path.split("/")[0], "/" in path or one.is_folder))
        if one.is_folder or not is_wanted(path.rpartition("/")[2]):
            continue
        if path in files:
            raise UsageError("{} is twice in {}".format(path, name))
        files[path] = _content(one, path, name)
    if len(tops) == 1 and all(is_folder for _, is_folder in tops):
        return {path.partition("/")[2]: content for path, content in files.items()}
    return files


def _content(one: _Member, path: str, name: str) -> Content:
    file_name = path.rpartition("/")[2]
    if not one.is_regular or one.content is None:
        return RefusedError(
            "{} in {} is no regular file, but a link, or encrypted".format(file_name, name)
        )
    return too_large(file_name, name) if len(one.content) > most_bytes(file_name) else one.content


def _checked_path(path: str, name: str) -> str:
    """Return a member's path with plain slashes and nothing around it."""
    parts = path.replace("\\", "/").split("/")
    is_absolute = path[:1] in ("/", "\\") or parts[0].endswith(":")
    if is_absolute or ".." in parts or "\0" in path:
        raise UsageError(
            "{} has a path that leads out of it, {!r}: do not trust it".format(name, path)
        )
    return "/".join(part for part in parts if part not in ("", "."))


def _inside(files: Mapping[str, Content], folder: str) -> Optional[Dict[str, Content]]:
    start = folder + "/" if folder else ""
    here = {path[len(start) :]: files[path] for path in files if path.startswith(start)}
    return {path: content for path, content in here.items() if "/" not in path} if here else None


def _zip(content: bytes) -> Iterator[_Member]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for info in archive.infolist():
            kind = info.external_attr >> 28  # 8 is a regular file, 10 a link, 0 is not said
            is_regular = kind in (0, 8) and not info.flag_bits & 1
            name, text = info.filename.rpartition("/")[2], None
            if is_regular and is_wanted(name):
                with archive.open(info) as stream:
                    text = stream.read(most_bytes(name) + 1)
            yield _Member(info.filename, info.filename.endswith("/"), is_regular, text)


def _tar(content: bytes) -> Iterator[_Member]:
    unpacked: Any = _Limited(gzip.GzipFile(fileobj=io.BytesIO(content)))
    with tarfile.open(fileobj=unpacked, mode="r|") as archive:
        for info in archive:
            name, text = info.name.rpartition("/")[2], None
            if info.isreg() and is_wanted(name):
                stream = archive.extractfile(info)
                text = stream.read(most_bytes(name) + 1) if stream else None
            yield _Member(info.name, info.isdir(), info.isreg(), text)


class _Limited:
    """A stream that ends with an error when more comes out of it than an archive may have."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._left = _LARGEST_UNPACKED

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        found: bytes = self._stream.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(found)
        if self._left < 0:
            raise ValueError("it unpacks to more than {} MB".format(_LARGEST_UNPACKED >> 20))
        return found
