#!/usr/bin/env bash
# One pipeline from a template, in a throw-away home and project: demo.sh FOLDER_OF_COAIA
set -euo pipefail

bin=$(cd "$1" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/home" "$scratch/project"
cd "$scratch/project"

# Nothing of the caller's settings may decide where the demo's trace goes.
for name in $(compgen -e); do
    case $name in COAIA* | LANGFUSE_*) unset "$name" ;; esac
done
export HOME=$scratch/home PATH=$bin:$PATH

show() { printf '\n$ %s\n' "$1"; }

show 'eval "$(coaia pipeline create data-pipeline --var user_id="john" --var pipeline_name="ETL Process" --var data_source="production_db" --export-env)"'
exports=$(coaia pipeline create data-pipeline --var user_id="john" --var pipeline_name="ETL Process" --var data_source="production_db" --export-env)
eval "$exports"
show 'echo $COAIA_TRACE_ID'
echo "$COAIA_TRACE_ID"
show 'coaia fuse traces trace-view $COAIA_TRACE_ID'
coaia fuse traces trace-view "$COAIA_TRACE_ID"
printf '\nTo go on: export PATH=%q:$PATH, then: coaia help, or: man coaia\n' "$bin"
