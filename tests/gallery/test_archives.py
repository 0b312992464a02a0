"""Archives are read in memory; what is hostile in one is refused."""

import tarfile

import pytest
from git_galleries import BASE, CHILD
from packed import tarred, zipped

from coaiapy.errors import CoaiaError, UsageError
from coaiapy.gallery import archives
from coaiapy.gallery.archives import folder_of

MAKERS = {"x.zip": zipped, "x.tar.gz": tarred}
kinds = pytest.mark.parametrize("name", sorted(MAKERS))


@kinds
@pytest.mark.parametrize("top", ["", "repository-1.0/"])
def test_the_usual_folder_is_found(name, top):
    files = [("README.md", "x"), ("templates/base.yaml", BASE), ("other/x.yaml", CHILD)]
    found = folder_of(MAKERS[name]([(top + path, text) for path, text in files]), name, "")
    assert found == ("templates", {"base.yaml": BASE.encode()})
    found = folder_of(MAKERS[name]([(top + path, text) for path, text in files]), name, "other")
    assert list(found.files) == ["x.yaml"]


@kinds
@pytest.mark.parametrize(
    "path", ["../x.yaml", "/etc/x.yaml", "a/../../x.yaml", "C:\\x.yaml", "..\\x.yaml", "a/../b.txt"]
)
def test_a_path_that_leads_out_is_refused(name, path):
    with pytest.raises(UsageError, match="leads out of it"):
        folder_of(MAKERS[name]([("templates/base.yaml", BASE), (path, BASE)]), name, "")


def test_a_link_in_the_place_of_a_template_is_left_out():
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
        content = tarred([("x.yaml", "")], type=kind, linkname="/etc/passwd")
        assert "no regular file" in str(folder_of(content, "x.tar.gz", "").files["x.yaml"])
    content = zipped([("x.yaml", "/etc/passwd")], external_attr=0o120777 << 16)
    assert "no regular file" in str(folder_of(content, "x.zip", "").files["x.yaml"])


@kinds
def test_a_template_of_too_many_bytes_is_left_out(name):
    found = folder_of(MAKERS[name]([("x.yaml", "#" * 50000000)]), name, "")
    assert "larger than 100000 bytes" in str(found.files["x.yaml"])


def test_an_archive_that_unpacks_without_an_end_is_refused(monkeypatch):
    monkeypatch.setattr(archives, "_LARGEST_UNPACKED", 1 << 20)
    with pytest.raises(UsageError, match="unpacks to more than 1 MB"):
        folder_of(tarred([("x.bin", "\0" * (2 << 20)), ("x.yaml", BASE)]), "x.tar.gz", "")


@kinds
def test_too_many_files_are_refused(name, monkeypatch):
    monkeypatch.setattr(archives, "_MOST_MEMBERS", 50)
    files = [("f{}.txt".format(i), "") for i in range(60)]
    with pytest.raises(UsageError, match="too many files"):
        folder_of(MAKERS[name](files), name, "")


def test_a_file_twice_is_refused():
    with pytest.raises(UsageError, match="is twice in"):
        folder_of(tarred([("x.yaml", BASE), ("./x.yaml", CHILD)]), "x.tar.gz", "")


@kinds
def test_a_damaged_archive_is_an_error(name):
    whole = MAKERS[name]([("templates/base.yaml", BASE), ("templates/child.yaml", CHILD)])
    for i in range(0, len(whole), 7):
        for damaged in (whole[:i], whole[:i] + bytes([whole[i] ^ 0xFF]) + whole[i + 1 :]):
            try:
                folder_of(damaged, name, "")
            except CoaiaError:
                pass
    with pytest.raises(UsageError, match="not an archive that can be read"):
        folder_of(b"<html>", name, "")


def test_an_encrypted_file_is_left_out():
    content = bytearray(zipped([("x.yaml", BASE)]))
    content[6] |= 1
    content[content.index(b"PK\1\2") + 8] |= 1
    assert "encrypted" in str(folder_of(bytes(content), "x.zip", "").files["x.yaml"])
