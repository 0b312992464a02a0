"""The rules that hold the code up, checked on every file of the package."""

import ast
import importlib.util
import os
import sys
import sysconfig

from package_code import MODULES, functions, own_imports, statements, tree
from places import PACKAGE, ROOT

LONGEST_FILE = 400
LONGEST_FUNCTION = 40
FIRST_COMMAND_FLOOR = 4

FLOORS = {
    0: """
        errors old_names files folders regular_files shell bash_words packages suggest text notes json_values compact_json
        terminal_text tls threads parallel time_limit deadlines json_lines json_schema line_numbers row_errors front_matter
    """,
    1: """
        mp3_frames wav_audio iff_chunks ogg_pages audio_files speech_text transcript_formats
        records record_fields ids times times_relative settings display table listing masking trace_filter
        trust addresses held_variables env_files env_format_json env_format_lines env_places env_hierarchy env_changes
        page_watch findings dotenv_file config_files config_schema config_values redis_settings redaction
        spelled_values token_usage reasoning score_values score_config_fields shapes langfuse_shapes
        prompt_content media_files gemini_schema yaml_values stash_entries stash_patterns
    """,
    2: """
        journal journal_damage journal_errors journal_marks journal_merge journal_reads journal_schema
        journal_staging outgoing outbox unconfirmed destinations
        claims posting
        readers reader_local reader_legacy reader_v4 server_rows server_pages span_pages span_rows
        wire wire_choice wire_ingestion wire_otlp span_metadata span_text
        http_answers timed_stream http_exchange http_failures http_proxies http_retry openai_settings openai_http aws_clients audio_split
        audio_tags_base audio_tags_foreign audio_conversion audio_tags_id3 audio_tags_mp4 audio_tags_vorbis
        langfuse_http lost_answers reachability langfuse_dialect langfuse_errors langfuse_generation
        dispatch known_elsewhere delivery
        redis_errors redis_limits stash_local stash_redis config_sample web_json
        current_project score_config_cache score_readers
        media_transfer
        server_only server_lacks prompt_cache prompt_display dataset_display prompt_files prompt_folder
        template_values template_bounds template_tree template_document template_model template_files
        template_language template_variables
        template_inheritance template_listing template_plan template_render template_starter
    """,
    3: """
        call_recorder llm process_tags text_calls published_texts
        transcription transcription_parts transcribe_aws syntation audio_tags
        prompts prompt_drift prompt_sync
        datasets dataset_items dataset_files dataset_import finetuning conversations
        published_forms published_json published_prompts cofuse published_traces
        api api_models traces unknown_traces trace_reads record_ids
        projects doctor item_files observation_files columns csv_items batch_ids pipeline environment env_context
        published_environment published_templates
        coaiamodule published_config published_stash stash
        cogh service_checks config_check config_risks trusting
        scores score_files score_links score_configs score_config_files score_presets score_availability
        published_score_configs published_scores
        session_files comments media published_comments published_media health
    """,
    4: """
        cli_call_recorder cli_output cli_progress cli_llm cli_audio cli_speech cli_tag
        cli_prompts cli_prompt_files cli_datasets cli_dataset_files cli_dataset_items
        cli_scores cli_score_options cli_score_configs cli_score_config_files cli_input
        interrupts cli_branches cli_streams cli_common cli_eval cli_arguments cli_delivery cli_help cli_env cli_env_list cli_pipeline
        cli_listing cli_fuse cli_sessions cli_comments cli_media cli_health cli_projects cli_doctor cli_observations
        cli_traces cli_trace_list cli_trace_writes cli_batch cli_outbox
        cli_stash cli_config cli_trust cli_gh published_cli
        cli_completion cli_complete cli_complete_values cli_globals command_tree cli_references cli_views
    """,
    5: """
        coaiacli __init__ __main__
    """,
}
FLOOR_OF = {name: floor for floor, names in FLOORS.items() for name in names.split()}

TERMINAL = {
    "sys.exit",
    "sys.argv",
    "sys.stdout",
    "sys.stderr",
    "sys.stdin",
    "os._exit",
    "os.isatty",
    "os.get_terminal_size",
}

# fetch_key_val prints a value and ends the program: that is what scripts know it for.
PUBLISHED = {
    "coaiamodule": {"sys.exit"},
    "published_stash": {"print", "sys.stdout", "sys.stderr"},
}

FILES = sorted(
    str(path.relative_to(ROOT))
    for place in ("coaiapy", "tests", "tools", "bench", ".")
    for path in (ROOT / place).glob("*.py" if place == "." else "**/*.py")
)
DOMAIN = [name for name in MODULES if FLOOR_OF.get(name, 0) < FIRST_COMMAND_FLOOR]


def test_the_modules_are_all_the_files_of_the_package():
    """Otherwise all rules would hold for a part of the package only."""
    files = [name for _, _, names in os.walk(str(PACKAGE)) for name in names]
    folders = [path.parent for path in PACKAGE.rglob("__init__.py") if path.parent != PACKAGE]
    assert len(MODULES) == sum(name.endswith(".py") for name in files) - len(folders)
    assert not [folder for folder in folders if (folder / "__init__.py").read_text("utf-8")]


def test_every_module_has_a_floor_and_every_floor_only_modules_that_exist():
    homeless = sorted(set(MODULES) - set(FLOOR_OF))
    gone = sorted(set(FLOOR_OF) - set(MODULES))
    assert not homeless, "give these a place in FLOORS of this test: {}".format(homeless)
    assert not gone, "these are in FLOORS, but there is no such file: {}".format(gone)


def test_no_module_imports_from_a_floor_above_its_own():
    wrong = [
        "{} imports {}".format(module, name)
        for module in MODULES
        for name in sorted(set(own_imports(module)))
        if FLOOR_OF.get(name, 0) > FLOOR_OF.get(module, max(FLOORS))
    ]
    assert not wrong, wrong


def test_importing_costs_nothing():
    """Third-party packages and sqlite3 are imported by the function that needs them."""
    top = {module: set(imported_at_top(tree(module))) for module in MODULES}
    dear = {name for name in set().union(*top.values()) if is_dear(name)}
    wrong = {module: sorted(names & dear) for module, names in top.items() if names & dear}
    assert not wrong, "these import at their top: {}".format(wrong)


def imported_at_top(node):
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name.split(".")[0] for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield child.module.split(".")[0]
        elif not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield from imported_at_top(child)


def is_dear(name):
    if name == "coaiapy" or name in sys.builtin_module_names:
        return False
    spec = importlib.util.find_spec(name)
    if name == "sqlite3" or spec is None or spec.origin is None:
        return True
    inside = spec.origin == "frozen" or spec.origin.startswith(sysconfig.get_paths()["stdlib"])
    return not inside or "site-packages" in spec.origin


def test_the_check_for_dear_imports_knows_one():
    top = ast.parse(
        "try:\n    import yaml.nodes\nexcept ImportError:\n    from sqlite3 import dbapi2"
    )
    assert [is_dear(name) for name in imported_at_top(top)] == [True, True]
    assert not [name for name in ("os", "sys", "json", "typing", "time") if is_dear(name)]
    assert not list(imported_at_top(ast.parse("def f():\n    import yaml")))


def test_domain_code_never_prints_exits_or_looks_at_the_terminal():
    found = [
        "{} uses {}".format(module, name)
        for module in DOMAIN
        for name in sorted(set(terminal_uses(tree(module))) - PUBLISHED.get(module, set()))
    ]
    assert not found, found


def terminal_uses(top):
    for node in ast.walk(top):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in ("print", "input", "exit", "quit", "SystemExit"):
                yield node.func.id
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            whole = "{}.{}".format(node.value.id, node.attr)
            if whole in TERMINAL:
                yield whole
        elif isinstance(node, ast.ImportFrom) and node.module == "sys":
            yield from ("sys." + alias.name for alias in node.names)


def test_the_check_for_the_terminal_knows_one():
    uses = "print(1)\nraise SystemExit(2)\nsys.stdout.write(sys.argv[1])\nfrom sys import exit"
    found = set(terminal_uses(ast.parse(uses)))
    assert found == {"print", "SystemExit", "sys.stdout", "sys.argv", "sys.exit"}


def test_files_are_short_and_say_what_they_are_for():
    texts = {path: (ROOT / path).read_text(encoding="utf-8") for path in FILES}
    long = [path for path in FILES if len(texts[path].splitlines()) > LONGEST_FILE]
    assert not long, "more than {} lines: {}".format(LONGEST_FILE, long)
    silent = [path for path in FILES if texts[path] and not says_what_it_is_for(texts[path])]
    assert not silent, "no docstring: {}".format(silent)


def says_what_it_is_for(text):
    return ast.get_docstring(ast.parse(text))


def test_functions_fit_on_a_screen():
    long = [
        "{}.{} ({} lines)".format(module, node.name, lines_of(node))
        for module in MODULES
        for node in functions(module)
        if lines_of(node) > LONGEST_FUNCTION
    ]
    assert not long, "more than {} lines: {}".format(LONGEST_FUNCTION, long)


def lines_of(function):
    """How many lines the statements take; what it takes and says of itself does not count."""
    lines = [
        node.lineno
        for statement in statements(function)
        for node in ast.walk(statement)
        if hasattr(node, "lineno")
    ]
    return max(lines) - min(lines) + 1 if lines else 0


def test_what_scripts_may_call_is_documented():
    silent = [
        "{}.{}".format(module, name)
        for module in DOMAIN
        for name, node in public(tree(module))
        if not ast.get_docstring(node)
    ]
    assert not silent, "no docstring: {}".format(silent)


def public(top, prefix=""):
    for node in top.body:
        name = prefix + getattr(node, "name", "")
        if getattr(node, "name", "_").startswith("_"):
            continue
        if isinstance(node, ast.FunctionDef):
            yield name, node
        elif isinstance(node, ast.ClassDef):
            yield name, node
            yield from public(node, name + ".")


def test_every_client_of_langfuse_is_closed():
    kept = [name for name in MODULES for call in clients_outside_with(tree(name))]
    assert kept == ["delivery"]  # it is closed with its owner


def clients_outside_with(top):
    held = {
        item.context_expr
        for node in ast.walk(top)
        if isinstance(node, ast.With)
        for item in node.items
    }
    for node in ast.walk(top):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in ("LangfuseHttp", "client_for") and node not in held:
                yield node


def test_nothing_but_the_dispatcher_ends_the_program():
    ends = [name for name in MODULES if "sys.exit" in set(terminal_uses(tree(name)))]
    assert sorted(ends) == ["__main__", "coaiacli", "coaiamodule"]


def test_threads_are_started_in_one_place():
    """It imports what they need before: ``tests/test_cold_commands.py`` proves that this is all."""
    starting = [name for name in MODULES if "Thread" in attributes(name, "threading")]
    assert starting == ["threads"]
    using = [name for name in MODULES if "start" in attributes(name, "threads")]
    assert using == ["parallel", "posting", "time_limit", "timed_stream"]
    others = {"_thread", "asyncio", "concurrent", "multiprocessing", "sched"}
    assert not [name for name in MODULES if others & set(imported_anywhere(name))]


def attributes(module, of):
    """Return what a module uses of another that it has imported as a whole."""
    return {
        node.attr
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == of
    }


def imported_anywhere(module):
    for node in ast.walk(tree(module)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from imported_at_top(ast.Module([node], []))
