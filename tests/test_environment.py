"""The hierarchy, the context, and the names that scripts import."""

import json
import os

import pytest

from coaiapy import environment
from coaiapy.environment import EnvironmentConfig, EnvironmentManager
from coaiapy.errors import CoaiaError, ExitCode, NotFoundError, StateError, UsageError


def write(path, **variables):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(variables))


@pytest.fixture
def global_file(home):
    return home / ".coaia" / "global.env"


@pytest.fixture
def project_file(project):
    return project / ".coaia-env"


def test_the_hierarchy(project_file, global_file, monkeypatch):
    monkeypatch.setenv("COAIA_A", "os")
    write(project_file, COAIA_A="project", COAIA_B="project")
    write(global_file, COAIA_A="global", COAIA_B="global", COAIA_C="global")
    assert environment.resolve_all(["COAIA_A", "COAIA_B", "COAIA_C", "COAIA_D"]) == {
        "COAIA_A": "os",
        "COAIA_B": "project",
        "COAIA_C": "global",
    }
    assert environment.resolve("COAIA_B") == "project"
    assert environment.resolve("COAIA_D") is None


def test_what_the_os_environment_says_needs_no_file(project_file, monkeypatch):
    project_file.write_text("{ broken")
    monkeypatch.setenv("COAIA_A", "os")
    assert environment.resolve("COAIA_A") == "os"
    with pytest.raises(StateError, match="line 1"):
        environment.resolve("COAIA_B")


def test_an_empty_value_is_a_value_but_an_open_id_is_none(project_file, global_file):
    write(project_file, COAIA_USER_ID="", COAIA_NOTE="")
    write(global_file, COAIA_USER_ID="john", COAIA_NOTE="note")
    assert environment.resolve("COAIA_USER_ID") == "john"
    assert environment.resolve("COAIA_NOTE") == ""


def test_metadata_is_no_variable(project_file):
    write(project_file, _COAIA_ENV_NAME="x", A="1")
    assert environment.resolve("_COAIA_ENV_NAME") is None
    assert environment.variables_in(str(project_file)) == {"A": "1"}
    for change in (
        lambda: environment.set_variable(str(project_file), "_COAIA_X", "1"),
        lambda: environment.remember({"_COAIA_X": "1"}),
    ):
        with pytest.raises(UsageError, match="_COAIA_X"):
            change()


def test_an_os_variable_that_is_not_utf8_is_an_error(monkeypatch):
    monkeypatch.setitem(os.environ, "COAIA_A", os.fsdecode(b"\xff"))
    with pytest.raises(StateError, match="COAIA_A is not UTF-8"):
        environment.resolve("COAIA_A")


def test_remember_merges_and_leaves_the_former_trace(project_file):
    assert environment.remember({"COAIA_TRACE_ID": "t1"}) == ".coaia-env"
    environment.remember({"COAIA_TRACE_ID": "t1", "COAIA_LAST_OBSERVATION_ID": "o1"})
    environment.remember({"COAIA_USER_ID": "john"})
    assert json.loads(project_file.read_text()) == {
        "COAIA_TRACE_ID": "t1",
        "COAIA_LAST_OBSERVATION_ID": "o1",
        "COAIA_USER_ID": "john",
    }
    environment.remember({"COAIA_TRACE_ID": "t2"})
    assert json.loads(project_file.read_text()) == {
        "COAIA_TRACE_ID": "t2",
        "COAIA_USER_ID": "john",
    }


def test_remember_keeps_the_format_of_the_file(project_file):
    project_file.write_text("# mine\nA=1\n")
    environment.remember({"COAIA_TRACE_ID": "t1"})
    assert project_file.read_text() == '# mine\nA=1\nCOAIA_TRACE_ID="t1"\n'


def test_the_context_has_no_observation_of_another_trace(project_file, monkeypatch):
    write(project_file, COAIA_TRACE_ID="t2", COAIA_LAST_OBSERVATION_ID="o2", COAIA_USER_ID="john")
    monkeypatch.setenv("COAIA_TRACE_ID", "t1")
    assert environment.current_context() == {"COAIA_TRACE_ID": "t1", "COAIA_USER_ID": "john"}
    monkeypatch.setenv("COAIA_TRACE_ID", "t2")
    assert environment.current_context()["COAIA_LAST_OBSERVATION_ID"] == "o2"


def save(project, **options):
    return environment.save_context(str(project / ".coaia-env.flow"), **options)


def saved(project):
    found = json.loads((project / ".coaia-env.flow").read_text())
    return {key: value for key, value in found.items() if not key.startswith("_")}


def test_saving_in_one_flow_again_and_again(project):
    environment.remember({"COAIA_TRACE_ID": "t1"})
    assert save(project).variables == {"COAIA_TRACE_ID": "t1"}
    save(project)
    environment.remember({"COAIA_LAST_OBSERVATION_ID": "o1"})
    save(project)
    environment.remember({"COAIA_LAST_OBSERVATION_ID": "o2", "COAIA_USER_ID": "john"})
    save(project)
    assert saved(project) == {
        "COAIA_TRACE_ID": "t1",
        "COAIA_LAST_OBSERVATION_ID": "o2",
        "COAIA_USER_ID": "john",
    }


def test_another_context_is_replaced_only_by_force(project):
    write(
        project / ".coaia-env.flow",
        COAIA_TRACE_ID="t1",
        COAIA_PARENT_OBSERVATION_ID="o1",
        COAIA_SESSION_ID="s1",
        MINE="kept",
    )
    environment.remember({"COAIA_TRACE_ID": "t2", "COAIA_SESSION_ID": "s1"})
    before = (project / ".coaia-env.flow").read_text()
    with pytest.raises(CoaiaError) as caught:
        save(project)
    assert caught.value.exit_code == ExitCode.FAILED
    assert "COAIA_TRACE_ID is 't1', would become 't2'" in str(caught.value)
    assert "COAIA_SESSION_ID" not in str(caught.value) and "--force" in str(caught.value)
    assert (project / ".coaia-env.flow").read_text() == before
    save(project, force=True)
    assert saved(project) == {"COAIA_TRACE_ID": "t2", "COAIA_SESSION_ID": "s1", "MINE": "kept"}


def test_saving_nothing_leaves_what_was_saved(project, project_file):
    write(project / ".coaia-env.flow", COAIA_TRACE_ID="t1")
    environment.init(str(project_file))
    for force in (False, True):
        with pytest.raises(NotFoundError, match="nothing to save"):
            save(project, force=force)
    assert saved(project) == {"COAIA_TRACE_ID": "t1"}


def test_init_keeps_values_and_force_does_not(project_file):
    write(project_file, COAIA_TRACE_ID="t1", A="1")
    assert environment.init(str(project_file))
    found = environment.variables_in(str(project_file))
    assert (found["COAIA_TRACE_ID"], found["A"], found["COAIA_USER_ID"]) == ("t1", "1", "")
    environment.init(str(project_file), force=True)
    assert environment.variables_in(str(project_file)) == {
        key: "" for key in environment.CONTEXT_KEYS
    }


def test_init_leaves_a_broken_file_unless_forced(project_file):
    project_file.write_text("{ broken")
    with pytest.raises(StateError):
        environment.init(str(project_file))
    assert project_file.read_text() == "{ broken"
    environment.init(str(project_file), initial={"A": "1"}, force=True)
    assert environment.variables_in(str(project_file)) == {"A": "1"}


@pytest.mark.parametrize("name", ["dev", "v1.2", "a-b_c", "1", "v1.2.3-rc.1"])
def test_names(project, home, name):
    manager = EnvironmentManager()
    for location in ("project", "global"):
        manager.set_variable("A", location, name, location)
        assert manager.load_environment(name, location) == {"A": location}
    assert manager.list_environments() == {"project": [name], "global": [name]}
    assert (project / (".coaia-env." + name)).exists()
    assert (home / ".coaia" / ("global.env." + name)).exists()


@pytest.mark.parametrize(
    "name", ["", "a/b", "../x", "a\\b", "a b", ".hidden", "-x", "é", "x\n", "lock", "a.lock"]
)
def test_bad_names(name):
    with pytest.raises(UsageError, match="cannot name an environment"):
        environment.path_of(name)


def test_listing_ignores_what_programs_leave_behind(project):
    for name in (
        ".coaia-env",
        ".coaia-env.dev",
        "..coaia-env.x1y2z3",
        ".coaia-env.lock",
        ".coaia-env.dev.lock",
        ".coaia-env.swp",
        ".coaia-env~",
        ".coaia-envy",
        ".coaia-env.",
    ):
        (project / name).write_text("{}")
    assert EnvironmentManager().list_environments() == {"project": ["default", "dev"], "global": []}


def test_unknown_location():
    with pytest.raises(UsageError, match="'here'"):
        environment.path_of(None, "here")


def test_the_manager_changes_one_environment(project_file, monkeypatch):
    manager = EnvironmentManager()
    assert manager.load_environment() == {}
    assert manager.set_variable("A", "1") == {"A": "1"}
    assert manager.set_variable("B", "2", format="env") == {"A": "1", "B": "2"}
    assert manager.get_variable("A") == "1" and manager.get_variable("C") is None
    assert manager.unset_variable("A") == {"B": "2"} == manager.unset_variable("A")
    monkeypatch.setenv("T", "0")
    assert manager.set_variable("T", "1", persist=False) == {"B": "2", "T": "1"}
    assert os.environ["T"] == "1" and json.loads(project_file.read_text()) == {"B": "2"}
    assert manager.unset_variable("T", persist=False) == {"B": "2"} and "T" not in os.environ
    assert manager.export_shell_commands() == ["export B='2';"]
    assert manager.clear_environment() and not project_file.exists()
    assert not manager.clear_environment()


def test_the_manager_inits_and_saves(project, monkeypatch):
    manager = EnvironmentManager()
    path = manager.init_environment("dev", initial_vars={"A": "1"}, format="env")
    assert path.name == ".coaia-env.dev" and path.read_text().startswith('A="1"\n')
    assert manager.get_current_context() == {key: None for key in environment.CONTEXT_KEYS}
    monkeypatch.setenv("COAIA_TRACE_ID", "t1")
    assert manager.get_current_context()["COAIA_TRACE_ID"] == "t1"
    assert manager.save_current_context("flow", name="why").name == ".coaia-env.flow"
    assert '"_COAIA_CONTEXT_NAME": "why"' in (project / ".coaia-env.flow").read_text()


def test_source_environment_sets_this_process(project_file, monkeypatch):
    write(project_file, A_VARIABLE="1", COAIA_TRACE_ID="")
    monkeypatch.setenv("COAIA_TRACE_ID", "t1")
    monkeypatch.setenv("A_VARIABLE", "0")
    assert EnvironmentManager().source_environment() == {"A_VARIABLE": "1", "COAIA_TRACE_ID": ""}
    assert (os.environ["A_VARIABLE"], os.environ["COAIA_TRACE_ID"]) == ("1", "t1")


def test_other_files_by_configuration(tmp_path):
    config = EnvironmentConfig(
        project_env_file=str(tmp_path / "mine" / "vars"), global_env_file="~/all.env"
    )
    manager = EnvironmentManager(config)
    manager.set_variable("A", "1", "dev")
    manager.set_variable("A", "2", location="global")
    assert (tmp_path / "mine" / "vars.dev").exists() and (tmp_path / "home" / "all.env").exists()
    assert manager.list_environments() == {"project": ["dev"], "global": ["default"]}
    assert tuple(EnvironmentConfig().supported_formats) == ("json", "env")


def test_the_table_hides_secrets_and_keeps_to_one_line():
    variables = {"API_TOKEN": "abc", "NOTE": "a\n\x1b[31mb", "LONG": "x" * 300, "EMPTY_KEY": ""}
    table = environment.format_environment_table(variables)
    assert "abc" not in table and "****" in table
    assert "a\\n\\x1b[31mb" in table and "x" * 300 in table
    assert "abc" in environment.format_environment_table(variables, reveal=True)
    narrow = environment.format_environment_table(variables, width=60)
    assert max(len(line) for line in narrow.splitlines()) <= 60 and "xxx…" in narrow
