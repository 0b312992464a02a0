"""What names a source of templates, and that no secret in it is kept."""

import pytest

from coaiapy.errors import CoaiaError, UsageError
from coaiapy.gallery.sources import FOLDER, GIT, WEB, named_by_template, parse

HUB = "https://example.com/x.git"


@pytest.mark.parametrize(
    "text, kind, shown",
    [
        (HUB, GIT, HUB),
        (HUB + "@v1", GIT, HUB + "@v1"),
        (HUB + "@^1", GIT, HUB + "@^1"),
        (HUB + "#sub/dir@v1", GIT, HUB + "#sub/dir@v1"),
        (HUB + "@feature/x#sub", GIT, HUB + "#sub@feature/x"),
        ("https://example.com:8443/x@v1", GIT, "https://example.com:8443/x@v1"),
        ("https://example.com/@team/x@pkg@1", GIT, "https://example.com/@team/x@pkg@1"),
        ("git@example.com:team/x.git@v2", GIT, "git@example.com:team/x.git@v2"),
        ("ssh://git@example.com:22/x@v1", GIT, "ssh://git@example.com:22/x@v1"),
        ("https://example.com/a.tar.gz#sub", WEB, "https://example.com/a.tar.gz#sub"),
        ("http://127.0.0.1:9/a.yaml", WEB, "http://127.0.0.1:9/a.yaml"),
        ("gallery@v1", GIT, "https://github.com/jgwill/coaiapy.git#templates@v1"),
        ("team@v1", GIT, "https://example.com/team.git#t@v1"),
    ],
)
def test_a_source_is_read(text, kind, shown):
    source = parse(text, {"team": "https://example.com/team.git#t"})
    assert (source.kind, str(source)) == (kind, shown)


@pytest.mark.parametrize(
    "text, asked, kept",
    [
        ("https://user:p4ssw0rd@example.com/x.git@v1", "p4ssw0rd", "https://example.com/x.git"),
        ("https://user:p@s/s4word@example.com/x.git", "p@s/s4word", "https://example.com/x.git"),
        ("https://user:p@s/s4w@example.com/x.git@v1.2.0", "p@s/s4w", "https://example.com/x.git"),
        ("http://u:p4ssw0rd@a.b/x?to=http://u:s3cond@c.d/y", "p4ssw0rd", "http://a.b/x"),
        ("https://u:p4ssw0rd@a.b/x.git@release-1.2/x", "p4ssw0rd", "https://a.b/x.git"),
        ("https://t0kent0ken@example.com/x.git", "t0kent0ken", "https://example.com/x.git"),
        ("ssh://git:p4ssw0rd@example.com/x", "p4ssw0rd", "ssh://git@example.com/x"),
        ("https://example.com/a.zip?sig=p4ssw0rd", "p4ssw0rd", "https://example.com/a.zip"),
    ],
)
def test_a_secret_is_asked_with_but_not_kept(text, asked, kept):
    source = parse(text)
    assert asked in source.asked and source.address == kept and asked not in str(source)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "--upload-pack=touch HIT",
        "ext::sh -c touch% HIT",
        "ftp://example.com/x",
        "http://example.com/a.zip",
        HUB + "@-b",
        HUB + "@+refs/heads/x:refs/heads/y",
        HUB + "@a..b",
        HUB + "@^x",
        HUB + "@v1~2",
        HUB + "@v1#x@v2",
        HUB + "#../x",
        "https://example.com/a.zip@v1",
        "a\nb",
        "x" * 3000,
    ],
)
def test_what_is_no_source_is_refused(text):
    with pytest.raises(UsageError):
        parse(text)


def test_a_folder_may_have_any_name(project, tmp_path):
    (tmp_path / "re@po#1" / "templates").mkdir(parents=True)
    source = parse("../re@po#1")
    assert (source.kind, source.address) == (FOLDER, "../re@po#1")
    assert parse(str(tmp_path / "re@po#1")).address == str(tmp_path / "re@po#1")


def test_a_template_of_a_stranger_names_only_what_is_on_the_web(project, tmp_path):
    far, near = parse(HUB), parse(str(tmp_path))
    assert named_by_template("https://example.com/y.git", far)
    for text in (str(tmp_path), "file:///etc", "git@example.com:y", "http://127.0.0.1/y.zip"):
        with pytest.raises(CoaiaError, match="must be an https address"):
            named_by_template(text, far)
    assert named_by_template(str(tmp_path), near)
