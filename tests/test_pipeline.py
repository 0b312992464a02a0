"""Built-in templates, and the names that scripts import."""

import json
import sys

import pytest

from coaiapy import environment, pipeline
from coaiapy.errors import UsageError
from coaiapy.pipeline import (
    PipelineStep,
    PipelineTemplate,
    PipelineVariable,
    TemplateLoader,
    TemplateRenderer,
    create,
    load,
    preview,
)

BUILT_IN = {
    "simple-trace": {"trace_name": "My Process"},
    "data-pipeline": {},
    "llm-chain": {},
    "parallel-processing": {"job_name": "Resize"},
    "error-handling": {"operation_name": "Fetch"},
}


def names(made, kind=None):
    return [each.name for each in made.observations if kind in (None, each.type)]


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_a_built_in_template_is_one_tree_and_invents_nothing(name):
    made = create(load(name), BUILT_IN[name])
    assert [each for each in made.observations if each.parent_id is None] == [made.root]
    for each in made.observations:
        assert each.usage is None and each.cost is None
        assert each.end_time is None
        assert each.output is None or "not run yet" in json.dumps(each.output)


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_a_built_in_template_tells_what_its_variables_and_steps_are(name):
    template = load(name)
    assert template.description and template.name == name
    assert all(variable.description for variable in template.variables)
    assert all(step.description for step in template.steps)
    assert set(template.get_required_variables()) == set(BUILT_IN[name])
    assert preview(template).trace.id == "(preview)"


def test_data_pipeline():
    made = create(
        load("data-pipeline"),
        {
            "user_id": "john",
            "pipeline_name": "ETL Process",
            "data_source": "production_db",
            "environment": "My Production",
        },
    )
    assert (made.trace.name, made.trace.user_id) == ("ETL Process", "john")
    assert made.trace.environment == "my-production"
    assert made.trace.input == {"data_source": "production_db", "dataset_name": "production_db"}
    assert names(made) == [
        "ETL Process",
        "Load Data",
        "Validate Data",
        "Transform Data",
        "Export Results",
    ]


def test_data_pipeline_with_steps_of_ones_own():
    made = create(load("data-pipeline"), {"processing_steps": "load,drop_duplicates"})
    assert names(made)[1:] == ["Load Data", "Drop Duplicates"]


@pytest.mark.parametrize("variable", ["model", "model_name"])
def test_llm_chain_takes_any_model(variable):
    given = {variable: "my-own-7b", "temperature": "0.2", "usage": '{"input": 3, "output": 4}'}
    made = create(load("llm-chain"), dict(given, initial_prompt="Why?", chain_name="Ask"))
    generations = [each for each in made.observations if each.type == "GENERATION"]
    assert len(generations) == 2
    for each in generations:
        assert each.model == "my-own-7b" and each.model_parameters == {"temperature": 0.2}
        assert "model" not in each.metadata
    assert generations[0].usage == {"input": 3, "output": 4} and generations[1].usage is None
    assert generations[0].input == [{"role": "user", "content": "Why?"}]
    assert made.trace.name == "Ask"


@pytest.mark.parametrize("count", [0, 1, 7])
def test_parallel_processing_has_as_many_workers_as_it_is_told(count):
    made = create(load("parallel-processing"), {"job_name": "J", "worker_count": count})
    assert names(made, "SPAN") == ["J"] + ["Worker {}".format(i + 1) for i in range(count)]
    assert names(made, "EVENT") == ["Synchronization", "Results Aggregation"]


def test_error_handling_has_as_many_attempts_as_it_is_told_and_levels_where_they_fail():
    def levels(**given):
        made = create(load("error-handling"), dict(given, operation_name="O"))
        return [each.level for each in made.observations if each.name.startswith("Attempt")], made

    found, made = levels(max_retries=4)
    assert found == ["WARNING", "WARNING", "WARNING", "ERROR"]
    assert "Error Alert" in names(made)
    found, made = levels(max_retries=3, failed_attempts=1)
    assert found == ["WARNING", "DEFAULT", "DEFAULT"] and "Error Alert" not in names(made)
    found, made = levels(max_retries=0)
    assert not found and "Error Alert" not in names(made)
    found, made = levels(failed_attempts=0)
    assert found == ["DEFAULT"] * 3 and "Error Detection" not in names(made)
    assert "Error Alert" not in names(levels(enable_alerts="no")[1])


def test_user_and_session_reach_the_trace_and_the_template():
    template = PipelineTemplate.from_dict(
        {"name": "t", "steps": [{"name": "A", "input": "{{ user_id }}/{{ session_id }}"}]}
    )
    made = create(template, {"user_id": "u"}, session_id="s")
    assert (made.trace.user_id, made.trace.session_id) == ("u", "s")
    assert made.observations[0].input == "u/s"
    assert create(template, {"user_id": "u"}, user_id="v").trace.user_id == "v"


def test_variables_come_from_the_environment_in_the_order_of_the_hierarchy(monkeypatch):
    template = load("llm-chain")
    environment.set_variable(environment.path_of(None, "global"), "COAIA_CHAIN_NAME", "global")
    assert create(template).trace.name == "global"
    environment.remember({"COAIA_CHAIN_NAME": "project", "COAIA_USER_ID": "ann"})
    assert create(template).trace.name == "project" and create(template).trace.user_id == "ann"
    monkeypatch.setenv("COAIA_CHAIN_NAME", "os")
    assert create(template).trace.name == "os"
    assert create(template, {"chain_name": "given"}).trace.name == "given"


def test_a_trace_id_is_taken_as_it_is_and_observation_ids_are_new():
    first, second = (create(load("llm-chain"), trace_id="mine") for _ in range(2))
    assert first.trace.id == second.trace.id == "mine"
    ids = {each.id for made in (first, second) for each in made.observations}
    assert len(ids) == 2 * len(first.observations)
    assert all(each.trace_id == "mine" for each in first.observations)


def test_the_variables_with_which_a_shell_goes_on():
    made = create(load("llm-chain"), {"user_id": "john"})
    assert made.environment() == {
        "COAIA_TRACE_ID": made.trace.id,
        "COAIA_SESSION_ID": None,
        "COAIA_USER_ID": "john",
        "COAIA_PARENT_OBSERVATION_ID": made.observations[0].id,
        "COAIA_LAST_OBSERVATION_ID": made.observations[-1].id,
    }


def test_a_judge_is_only_announced():
    template = PipelineTemplate.from_dict(
        {
            "name": "t",
            "variables": [{"name": "enable_judge_evaluation", "type": "boolean", "default": False}],
            "steps": [{"name": "Judge", "conditional": "{{ enable_judge_evaluation }}"}],
        }
    )
    assert names(create(template)) == []
    made = create(template, enable_judge=True)
    assert names(made) == ["Judge"] and made.trace.metadata["enable_judge"] is True


def test_the_body_is_json():
    body = create(load("llm-chain")).body()
    assert json.loads(json.dumps(body)) == body and len(body["observations"]) == 5


def test_the_loader_as_scripts_use_it(project):
    loader = TemplateLoader()
    listed = loader.list_templates()
    assert [sorted(entry) for entry in listed] == [["author", "description", "name", "version"]] * 5
    assert {entry["name"] for entry in listed} == set(BUILT_IN)
    assert all(entry["path"].endswith(".json") for entry in loader.list_templates(True))
    assert loader.load_template("nobody") is None
    template = loader.load_template("data-pipeline")
    first = template.variables[0]
    assert (first.name, first.type, first.required) == ("pipeline_name", "string", False)
    assert first.description and first.default and template.steps


@pytest.mark.parametrize("format", ["json", "yaml"])
@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_a_saved_template_is_the_same_template(name, format, home):
    loader = TemplateLoader()
    template = loader.load_template(name)
    path = loader.save_template(template, "user", format)
    assert path.parent == home / ".coaia" / "templates"
    saved = loader.load_template(name)
    assert saved.source == str(path) and saved.created_at
    assert saved._replace(source=None, created_at=None) == template._replace(source=None)


def test_a_template_made_in_python_can_be_saved_and_rendered():
    template = PipelineTemplate(
        name="own",
        description="Made here",
        variables=[PipelineVariable("who"), PipelineVariable("n", "number", default=1)],
        steps=[
            PipelineStep("Root", "SPAN", input=[]),
            PipelineStep("{{ who }}", parent="Root", variables={"input": {"n": "{{ n }}"}}),
        ],
    )
    TemplateLoader().save_template(template, "project")
    loaded = TemplateLoader().load_template("own")
    assert loaded.get_variable_names() == ["who", "n"]
    assert loaded.get_required_variables() == ["who"]
    for each in (template, loaded):
        rendered = TemplateRenderer().render_template(each, {"who": "me"})
        assert [entry["name"] for entry in rendered] == ["Root", "me"]
        assert rendered[0]["variables"] == {"input": []} and "parent" not in rendered[0]
        assert rendered[1]["variables"] == {"input": {"n": 1}} and rendered[1]["parent"] == "Root"
        assert rendered[1]["type"] == "EVENT" and rendered[1]["metadata"]["template_name"] == "own"
        with pytest.raises(ValueError, match="validation failed"):
            TemplateRenderer().render_template(each, {"n": True})


def test_rendering_for_scripts_does_not_ask_the_environment(monkeypatch):
    monkeypatch.setenv("COAIA_TRACE_NAME", "from the environment")
    with pytest.raises(ValueError, match="'trace_name' is required"):
        TemplateRenderer().render_template(load("simple-trace"), {})


def test_a_document_with_a_mistake_is_no_template():
    with pytest.raises(UsageError, match="template 'x': steps: must be a list"):
        PipelineTemplate.from_dict({"name": "x", "steps": {}})


def test_a_missing_package_is_told_by_name(monkeypatch, run):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    answer = run("pipeline", "create", "data-pipeline")
    assert answer.code == 3 and "Jinja2" in answer.err
    assert run("pipeline", "list").code == 0


def test_listing_tells_where_a_template_is_from(project):
    pipeline.init("mine", location="project")
    places = {entry["name"]: entry["place"] for entry in pipeline.list_templates().templates}
    assert places["mine"] == "project" and places["llm-chain"] == "built-in"
