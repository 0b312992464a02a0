"""The command lines of the specification for pipelines, environments and traces, as it prints them,
in its order, in one home, in a real bash."""

import json
import os
import subprocess
import sys

import pytest

BIN = os.path.dirname(sys.executable)

UUIDGEN = """\
#!{}
import uuid
print(uuid.uuid4())
"""

LINES = r"""
coaia pipeline list
coaia pipeline list --path --json
coaia pipeline show simple-trace
coaia pipeline show llm-chain --preview
coaia pipeline create simple-trace --var trace_name="My Process" --var user_id="john"
coaia pipeline create data-pipeline --trace-id $(uuidgen) --export-env
coaia pipeline init my-custom-template
coaia pipeline init advanced-workflow --from data-pipeline
coaia env init                    # Creates .coaia-env (project)
coaia env init --global          # Creates ~/.coaia/global.env
coaia env init --name dev        # Creates .coaia-env.dev
coaia env set COAIA_USER_ID "john" --persist
coaia env set DEBUG_MODE "true" --temp  # Session only
coaia env get COAIA_TRACE_ID
coaia env unset OLD_VARIABLE
coaia env list                    # All environments
coaia env list --name dev        # Specific environment
coaia env list --json           # JSON output
eval $(coaia env source --export)  # Load into shell
coaia env save --name "my-context" # Save current state
export TRACE_ID=$(uuidgen)
coaia fuse traces create $TRACE_ID -u john -s session123
export OBS_ID=$(uuidgen)
coaia fuse traces add-observation $OBS_ID $TRACE_ID -n "Step 1" -ts
coaia pipeline create data-pipeline \
  --var user_id="john" \
  --var pipeline_name="ETL Process" \
  --export-env
coaia pipeline create llm-chain --var model="gpt-4" --export-env
eval $(coaia env save --name "llm-session")
eval $(coaia env source --name llm-session --export)
coaia fuse traces add-observation $COAIA_TRACE_ID -n "Continued processing"
coaia pipeline init company-etl --from data-pipeline --location project
test -f ./.coaia/templates/company-etl.json
coaia pipeline create company-etl --var data_source="sales_db"
coaia --help
export TRACE_ID=$(uuidgen)
export SESSION_ID=$(uuidgen)
coaia fuse traces create $TRACE_ID -u john -s $SESSION_ID -n "Data Pipeline"
export OBS1_ID=$(uuidgen)
coaia fuse traces add-observation $OBS1_ID $TRACE_ID -ts -n "Data Validation"
export OBS2_ID=$(uuidgen)
coaia fuse traces add-observation $OBS2_ID $TRACE_ID -n "Processing" --parent $OBS1_ID
coaia pipeline create data-pipeline \
  --var user_id="john" \
  --var pipeline_name="ETL Process" \
  --var data_source="production_db" \
  --export-env
coaia pipeline create llm-chain --var model="gpt-4" --export-env
coaia env save --name "llm-session"  # Persist state
eval $(coaia env source --name llm-session --export)
coaia fuse traces add-observation $COAIA_TRACE_ID -n "Resumed processing"
coaia pipeline list
coaia pipeline show data-pipeline --preview
coaia pipeline init company-workflow --from data-pipeline --location project
coaia pipeline create company-workflow --var environment="production"
"""


@pytest.fixture
def path(tmp_path, monkeypatch):
    """Put the command first on PATH, and a ``uuidgen`` last for machines that have none."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "uuidgen").write_text(UUIDGEN.format(sys.executable))
    (folder / "uuidgen").chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([BIN, os.environ["PATH"], str(folder)]))


def test_every_line_runs_as_printed(run, path, project):
    subprocess.run(["bash", "-c", "set -eu\n" + LINES], check=True, stdout=subprocess.DEVNULL)
    traces = json.loads(run("fuse", "traces", "list", "--json", "--include-observations").out)
    assert sorted(str(trace.get("name")) for trace in traces) == sorted(
        ["My Process", "ETL Process", "ETL Process", "LLM Chain", "LLM Chain", "Data Pipeline"]
        + ["Data Processing Pipeline"] * 3
        + ["None"]
    )
    written = {item["name"]: item for trace in traces for item in trace["observations"]}
    assert {"Step 1", "Continued processing", "Resumed processing"} <= set(written)
    parent = written["Processing"]["parentObservationId"]
    assert parent == written["Data Validation"]["id"]
    assert [trace for trace in traces if trace.get("environment") == "production"]
    assert sorted(name for name in os.listdir(str(project)) if name.startswith(".coaia-env")) == [
        ".coaia-env",
        ".coaia-env.dev",
        ".coaia-env.llm-session",
        ".coaia-env.my-context",
    ]
