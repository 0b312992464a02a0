"""``coaia env init``: makes files, and keeps what is there."""

import json
import stat


def test_init_makes_the_three_files(run, home, project):
    assert run("env", "init").code == 0
    assert run("env", "init", "--global").code == 0
    assert run("env", "init", "--name", "dev", "--format", "env").code == 0
    found = json.loads((project / ".coaia-env").read_text())
    assert found["COAIA_TRACE_ID"] == "" and found["_COAIA_ENV_CREATED"].isdigit()
    assert (home / ".coaia" / "global.env").exists()
    assert (project / ".coaia-env.dev").read_text().startswith('COAIA_TRACE_ID=""\n')
    for path in (project / ".coaia-env", home / ".coaia" / "global.env"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_init_keeps_values_unless_forced(run):
    run("env", "set", "A", "1")
    found = run("env", "init", "--format", "env")
    assert found.code == 0 and "keeps its values" in found.err and "json" in found.err
    assert run("env", "get", "A").out == "1\n"
    assert run("env", "init", "--force", "--format", "env").code == 0
    assert run("env", "get", "A").code == 1
