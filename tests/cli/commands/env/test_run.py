"""``coaia env run``: the command notices the variables, and nothing else of coaia."""

import json
import os
import signal
import subprocess
import sys

import pytest
from processes import COAIA, environment, finish, start

PRINT = (
    "--",
    sys.executable,
    "-c",
    "import os, sys; print([os.environ.get(k) for k in sys.argv[1:]])",
)


@pytest.fixture
def printed(run, capfd):
    """The values of variables as a command sees them that is started with an environment."""

    def printed(*options, names="AB"):
        assert run("env", "run", *(options + PRINT + tuple(names))).code == 0
        return eval(capfd.readouterr().out)

    return printed


def test_the_command_gets_the_cascade(run, printed, monkeypatch):
    run("env", "set", "A", "user", "--global")
    assert printed() == ["user", None]
    run("env", "set", "A", "base \u00e9\n")
    run("env", "set", "B", "base")
    run("env", "set", "B", "production", "--name", "production")
    assert printed() == ["base \u00e9\n", "base"]
    assert printed("--name", "production") == ["base \u00e9\n", "production"]
    monkeypatch.setenv("COAIA_ENV", "production")
    assert printed() == ["base \u00e9\n", "production"]
    assert printed(names=["COAIA_ENV"]) == ["production"]


def test_variables_of_the_shell_count_unless_the_files_are_to_replace_them(
    run, monkeypatch, printed
):
    run("env", "set", "A", "file", "--name", "dev")
    monkeypatch.setenv("A", "shell")
    assert printed("--name", "dev") == ["shell", None]
    assert printed("--name", "dev", "--override") == ["file", None]
    said = run("env", "run", "--name", "dev", "--", "true").err
    assert "A (--override" in said and "file" not in said.replace("the files", "")
    assert run("env", "run", "--name", "dev", "--quiet", "--", "true").err == ""


def test_a_saved_trace_brings_no_ids_of_another(run, monkeypatch, printed):
    names = ["COAIA_TRACE_ID", "COAIA_LAST_OBSERVATION_ID"]
    monkeypatch.setenv("COAIA_TRACE_ID", "of-the-shell")
    monkeypatch.setenv("COAIA_LAST_OBSERVATION_ID", "o")
    run("env", "set", "COAIA_TRACE_ID", "saved", "--name", "monday")
    assert printed("--name", "monday", names=names) == ["of-the-shell", "o"]
    assert printed("--name", "monday", "--override", names=names) == ["saved", None]


def test_what_starts_programs_needs_trust(run, project, printed):
    (project / ".coaia-env").write_text(json.dumps({"A": "1", "BASH_ENV": "evil"}))
    (project / ".env.dev").write_text("LD_PRELOAD=evil.so\nB=2\n")
    (project / ".env.example").write_text("LD_PRELOAD=\n")
    names = ["A", "B", "BASH_ENV", "LD_PRELOAD"]
    options = ("--name", "dev", "--dotenv")
    assert printed(*options, names=names) == ["1", "2", None, None]
    said = run("env", "run", "--name", "dev", "--dotenv", "--quiet", "--", "true").err
    assert "BASH_ENV" in said and "LD_PRELOAD" in said and "coaia trust" in said
    asked = run("trust", "--yes")
    assert "sets LD_PRELOAD" in asked.err and "example" not in asked.err
    assert printed(*options, names=names) == ["1", "2", "evil", "evil.so"]


def test_encrypted_values_reach_the_command_decrypted_or_it_is_not_started(run, project, printed):
    run("env", "set", "A", "1", "--encrypt")
    assert printed() == ["1", None]
    (project / ".env.keys").unlink()
    found = run("env", "run", "--", "touch", "started")
    assert found.code == 3 and "A in .coaia-env is encrypted" in found.err
    assert not (project / "started").exists()


@pytest.mark.parametrize(
    "words, code",
    [
        (("sh", "-c", "exit 7"), 7),
        (("sh", "-c", "kill -KILL $$"), 137),
        (("nosuch", "save"), 127),
        (("/",), 126),
        (("git-or-so", "--help", "--export"), 127),
    ],
)
def test_its_exit_code_is_the_one_of_a_shell(run, words, code):
    found = run("env", "run", "--", *words)
    assert (found.code, found.out) == (code, "") and found.err.count("\n") == (code in (126, 127))


def test_mistakes_start_nothing(run, project):
    command = ("--", "touch", "started")
    assert run("env", "run").code == 2
    assert run("env", "run", "touch", "started").code == 2
    missing = run("env", "run", "--name", "prod", *command)
    assert missing.code == 1 and "coaia env init --name prod" in missing.err
    assert (
        run("env", "run", "--name", "", *command).code == 2
    )  # a variable of a script without a value
    (project / ".coaia-env").write_text("{")
    assert run("env", "run", *command).code == 6
    assert not (project / "started").exists()


def test_an_environment_that_only_the_shell_names_may_have_no_file(run, project, monkeypatch):
    monkeypatch.setenv("COAIA_ENV", "prod")
    found = run("env", "run", "--", "touch", "started")
    assert found.code == 0 and "no environment 'prod'" in found.err
    assert (project / "started").exists()


def test_streams_and_words_go_through_as_they_are(project):
    data = bytes(range(256)) * 300
    assert finish("env", "run", "--", "cat", input=b"typed") == (0, "typed", "")
    command = COAIA + ["env", "run", "--", "tee", b"\xff"]
    done = subprocess.run(command, input=data, stdout=subprocess.PIPE, env=environment())
    assert done.stdout == data and (project / os.fsdecode(b"\xff")).read_bytes() == data


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGUSR1"])
def test_signals_reach_the_command(project, name):
    script = "trap 'echo got; exit 5' {}; echo ready; while :; do sleep 0.05; done".format(name[3:])
    with start("env", "run", "--", "sh", "-c", script) as process:
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(getattr(signal, name))
        assert process.communicate(timeout=200) == (b"got\n", b"") and process.returncode == 5


def test_ctrl_c_ends_the_calling_script_too(project):
    command = COAIA + ["env", "run", "--", "sh", "-c", "echo ready; exec sleep 60"]
    process = subprocess.Popen(
        ["sh", "-c", '"$@"; echo went on', "sh"] + command,
        env=environment(),
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout.readline() == b"ready\n"
    os.killpg(process.pid, signal.SIGINT)
    assert process.communicate(timeout=200)[0] == b"" and process.returncode == -signal.SIGINT


def test_nothing_is_recorded(run, home):
    assert run("env", "run", "--", "true").code == 0
    assert not (home / ".coaia" / "coaia.db").exists()


def test_a_recorded_run_within_has_nothing_that_is_encrypted_or_called_secret(run, home, project):
    (project / ".coaia-env.schema.json").write_text('{"properties": {"LICENCE": {"secret": true}}}')
    run("env", "set", "CODE", "code-of-this-test", "--encrypt", "--name", "dev")
    run("env", "set", "LICENCE", "licence-of-this-test", "--name", "dev")
    run("env", "set", "CITY", "Winnipeg", "--name", "dev")
    (project / ".git").mkdir()  # what is above the current folder belongs to the project
    command = ["sh", "-c", 'mkdir sub; cd sub; exec "$@"', "sh"] + COAIA
    command += ["run", "--", "sh", "-c", 'echo "$CODE $LICENCE $CITY"; echo "$CODE" >&2']
    code, said, _ = finish("env", "run", "--name", "dev", "--", *command)
    assert (code, said) == (0, "code-of-this-test licence-of-this-test Winnipeg\n")
    kept = b"".join(path.read_bytes() for path in (home / ".coaia").rglob("*") if path.is_file())
    assert b"**** **** Winnipeg" in kept and b"of-this-test" not in kept
