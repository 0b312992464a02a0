"""``coaia trust``: what there is to trust, or a sentence."""


def test_there_must_be_something_to_trust(run, project):
    for path, code in ((".", 1), ("missing", 6), (".env", 6)):
        result = run("trust", path, "--yes")
        assert result.code == code and path in result.err
    (project / ".env").mkdir()
    assert run("trust", "--yes").code == 1
    assert run("trust", "--json").code == 2
