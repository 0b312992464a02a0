"""What a project's environment file, which somebody else may have written, can do to a command."""

import json

import pytest

from coaiapy.env.untrusted import needing_trust

EVIL = "x; touch HIT"


@pytest.fixture
def write(project):
    def _write(**variables):
        (project / ".coaia-env").write_text(json.dumps(variables), "utf-8")

    return _write


RAW = [{"name": "A", "run": "touch FIRST"}, {"name": "B", "run": "echo {{ who | raw }}"}]


def test_a_raw_value_of_an_untrusted_file_stops_before_anything_runs(save, write, run, project):
    save(*RAW, who="me")
    write(COAIA_WHO=EVIL)
    done = run("pipeline", "run", "t", "--yes")
    assert done.code == 3
    for part in ("'who'", "COAIA_WHO", ".coaia-env", "coaia trust .coaia-env"):
        assert part in done.err
    assert not (project / "FIRST").exists() and not (project / "HIT").exists()


def test_trust_lets_it_in_until_the_file_changes(save, write, run, project):
    save(*RAW, who="me")
    write(COAIA_WHO=EVIL)
    assert "sets COAIA_WHO" in run("trust", ".coaia-env", "--yes").err
    assert run("pipeline", "run", "t").code == 0 and (project / "HIT").exists()
    write(COAIA_WHO=EVIL + "2")
    assert run("pipeline", "run", "t").code == 3
    assert not (project / "HIT2").exists()


def test_what_the_user_gives_needs_no_trust(save, write, run, project, monkeypatch):
    save(*RAW, who="me")
    write(COAIA_WHO=EVIL)
    assert run("pipeline", "run", "t", "--var", "who=you").code == 0
    monkeypatch.setenv("COAIA_WHO", "somebody")
    assert run("pipeline", "run", "t").code == 0
    monkeypatch.delenv("COAIA_WHO")
    write(OTHER=EVIL)
    assert run("pipeline", "run", "t").code == 0
    assert not (project / "HIT").exists()


def test_what_env_set_has_written_needs_no_trust(save, run, project):
    save(*RAW, who="me")
    assert run("env", "set", "COAIA_WHO", "you").code == 0
    assert run("pipeline", "run", "t", "--trace-id", "one").code == 0
    for name in ("OTHER", "COAIA_USER_ID"):
        assert run("env", "set", name, "x").code == 0
    assert run("pipeline", "run", "t", "--trace-id", "two").code == 0


@pytest.mark.parametrize("name", ["OTHER", "EDITOR", "COAIA_OTHER"])
def test_env_set_does_not_trust_what_was_there_before(save, write, run, project, name):
    save(*RAW, who="me")
    write(COAIA_WHO=EVIL)
    assert run("env", "set", name, "x").code == 0
    assert run("pipeline", "run", "t").code == 3


@pytest.mark.parametrize(
    "step",
    [
        {"run": "echo {{ 'a' ~ who | raw }}"},
        {"run": "echo {{ (who ~ 'a') | raw }}"},
        {"run": "{% set it = who %}echo {{ it | raw }}"},
        {"run": "echo{% for one in [who] %} {{ one | raw }}{% endfor %}"},
        {"run": "echo {{ item | raw }}", "for_each": "[who]"},
        {"run": "echo {{ item | raw }}", "for_each": ["{{ who }}"]},
        {"run": "echo {{ made | raw }}"},
        {"run": "ls", "env": {"PATH": "{{ who }}:/bin"}},
        {"run": ["ls"], "env": {"LD_PRELOAD": "{{ made }}"}},
        {"run": "{% if true %}echo {{ twice | raw }}{% endif %}"},
    ],
)
def test_no_way_round_leads_to_raw(save, write, run, project, step):
    save(dict(step, name="A"), who="me", made="{{ who }}!", twice="{{ made }}{{ made }}")
    write(COAIA_WHO=EVIL)
    done = run("pipeline", "run", "t")
    # "a" ~ who | raw binds to who alone, and is no raw value but a mistake
    assert done.code == (2 if "'a' ~ who |" in step["run"] else 3), done.err
    assert not (project / "HIT").exists()


def test_as_one_word_a_value_of_an_untrusted_file_is_welcome(save, write, run, project):
    save({"name": "A", "run": "echo {{ who }} {{ what | raw }}"}, who="me", what="you")
    write(COAIA_WHO=EVIL)
    done = run("pipeline", "run", "t", "--json")
    assert done.code == 0 and json.loads(done.out)["steps"][0]["output"] == EVIL + " you"
    assert not (project / "HIT").exists()


def test_a_step_that_does_not_run_stops_nothing(save, write, run):
    save(*RAW, who="me")
    write(COAIA_WHO=EVIL)
    assert run("pipeline", "run", "t", "--only", "A").code == 0
    assert "touch HIT" in run("pipeline", "run", "t", "--dry-run").out


def test_commands_do_not_get_what_moves_programs_from_an_untrusted_file(save, write, run):
    said = 'echo "$COAIA_EDITOR|$LD_PRELOAD|$PATH|$COAIA_WHO"'
    save({"name": "A", "run": said}, editor="here", who="me")
    write(COAIA_EDITOR="evil", COAIA_WHO="you", PATH="evil", LD_PRELOAD="evil")
    done = run("pipeline", "run", "t", "--json")
    shown = json.loads(done.out)["steps"][0]["output"]
    assert "evil" not in shown and shown.endswith("|you")
    assert "left out of .coaia-env: COAIA_EDITOR" in done.err
    run("trust", ".coaia-env", "--yes")
    done = run("pipeline", "run", "t", "--json")
    assert json.loads(done.out)["steps"][0]["output"].startswith("evil||")


def test_variables_of_templates_need_trust_and_ids_of_the_context_do_not():
    assert needing_trust({"COAIA_WHO": "me", "COAIA_TRACE_ID": "a", "EDITOR": "vi", "B": "c"}) == [
        "EDITOR",
        "COAIA_WHO",
    ]
