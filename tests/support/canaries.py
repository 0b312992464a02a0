"""Canaries: a unique secret in every setting, which must not appear in any output or file.

``COMMANDS`` has a command line for every command of the program. Commands that make requests are
run against servers that repeat the request, refuse it, or do not exist.
"""

import base64
import json
import os
import subprocess
import sys
import wave
from urllib.parse import quote

from processes import environment

from coaiapy.config.schema import KEYS

PUBLIC = "pk-lf-public"
# Runs command lines in one process, each with a standard input of its own.
DRIVER = """
import io, json, sys
from coaiapy.coaiacli import main
for words in json.loads(sys.stdin.read()):
    sys.stdin = io.StringIO("typed\\n")
    sys.stderr.write("$ " + " ".join(words) + "\\n")
    sys.stderr.write("= {}\\n".format(int(main(words))))
    sys.stdout.flush()
"""


def canary(name):
    """Return a secret for the setting ``name``, without characters that need quoting anywhere."""
    return "canary0" + "".join(letter for letter in name.lower() if letter.isalnum()) + "0end"


URLS = ["langfuse_base_url", "openai_base_url", "github.base_url", "pollyconf.endpoint_url"]
ADDRESS = "canary0address0end"
TOKENS = {
    key.name: canary(key.name) for key in KEYS if key.secret and not key.name.endswith("_url")
}
# The secrets in the settings, which must not be anywhere else.
CANARIES = sorted(TOKENS.values()) + [ADDRESS]
PAIR = base64.b64encode("{}:{}".format(PUBLIC, TOKENS["langfuse_secret_key"]).encode()).decode()

LANGFUSE = """
    fuse doctor
    fuse health
    fuse projects
    fuse traces list
    fuse traces trace-view t
    fuse traces session-view s
    fuse traces get-observation o
    fuse traces list-observations --trace-id t
    fuse traces stats --by model
    fuse traces diff t u
    fuse traces search text
    fuse traces export
    pipeline init of-trace --from-trace t
    fuse traces tail --timeout 0.3
    fuse traces delete t --yes
    fuse sessions list
    fuse sessions get s
    fuse prompts list
    fuse prompts get p
    fuse prompts create p text
    fuse prompts labels p 1 production
    fuse prompts render p --var x=y
    fuse prompts promote p --from staging --yes
    fuse prompts rollback p --yes
    fuse prompts delete p --yes
    fuse prompts pull pulled
    fuse prompts push prompts
    fuse prompts diff prompts
    fuse prompts check prompts
    fuse datasets list
    fuse datasets get d
    fuse datasets create d
    fuse datasets import d items.jsonl --create
    fuse datasets export d
    fuse datasets add-from-traces d --failed
    fuse experiments run d --name n -- true
    fuse experiments score n --eval json
    fuse experiments compare n m
    fuse experiments show n
    fuse experiments list
    fuse experiments delete n --yes
    fuse dataset-items create d -i x
    fuse dataset-items list d
    fuse dataset-items get i
    fuse dataset-items delete i
    fuse scores list
    fuse scores get s
    fuse scores delete s
    fuse scores import scores.jsonl --timeout 0.3
    fuse score-configs list
    fuse score-configs get c
    fuse score-configs available
    fuse score-configs show c
    fuse score-configs create c NUMERIC
    fuse score-configs update c --description x
    fuse score-configs archive c
    fuse score-configs apply c --trace-id t -v 1
    fuse score-configs export -o configs.json
    fuse score-configs import exported.json
    fuse score-configs presets install Helpfulness
    fuse comments list
    fuse comments get c
    fuse comments post text --trace t
    fuse media upload sound.wav t
    fuse media get m
    fuse media download m
"""
OTHERS = """
    gh issues list --owner o --repo r
    gh issues get o/r#1
    summarize text
    summarize text --stream
    p dictkore text
    transcribe sound.wav
    transcribe sound.wav --format srt -O sound.srt
"""
# boto3 retries for long while a server fails.
AWS = """
    synthesize -F words.txt -O words.mp3
    synthesize --voices
    transcribe sound.wav --engine aws
    config check --online
"""
WRITING = """
    fuse traces create t -n name --timeout 0.3
    fuse traces add-observation t -n step --timeout 0.3
    fuse traces add-observations t -f steps.jsonl --timeout 0.3
    fuse traces import traces.jsonl --timeout 0.3
    fuse traces patch-output t output --timeout 0.3
    fuse sessions create s user --timeout 0.3
    fuse sessions addnode s t2 user --timeout 0.3
    fuse scores create q -v 1 --trace-id t --timeout 0.3
    fuse scores apply --trace-id t --name q -v 1 --timeout 0.3
    pipeline create simple-trace --var trace_name=x --export-env --timeout 0.3
    fuse outbox flush --timeout 0.3
"""
LOCAL = """
    config show
    config show --all --json
    config check
    trust --yes
    trust --list
    untrust
    env init
    env set MY_API_TOKEN {kept}
    env encrypt
    env rotate
    env keypair
    env guard .coaia-env
    env decrypt
    env list
    env list --json
    env get COAIA_TRACE_ID
    env source
    env save --name saved
    env unset MY_API_TOKEN
    env list --explain MY_API_TOKEN --dotenv
    env run --dotenv -- true
    env check --dotenv
    env diff default saved
    env copy default copied
    env edit --discard
    env docs
    env clear --name saved --yes
    fuse sessions view
    fuse score-configs presets list
    fuse score-configs presets show Helpfulness
    fuse outbox status --json
    fuse outbox list
    fuse outbox list --json
    fuse outbox export -o waiting.jsonl
    fuse outbox show 1
    fuse outbox retry
    fuse outbox drop 1 --yes
    pipeline list
    pipeline trust none
    pipeline untrust none
    pipeline run simple-trace --var trace_name=x --dry-run
    pipeline schedule simple-trace --cron @daily --format systemd --var trace_name=x
    pipeline show simple-trace
    pipeline install ./nowhere
    pipeline update
    pipeline outdated
    pipeline uninstall none
    pipeline index gallery
    pipeline search text --timeout 0
    pipeline init mine
    pipeline schema
    pipeline validate simple-trace
    pipeline test simple-trace
    pipeline diff simple-trace llm-chain
    pipeline docs simple-trace
    tag sound.wav --title x
    completion bash
    init --project
    init --interactive
    help variables
    nonsense
    fuse traces --limit {mistyped}
"""
STASHING = """
    tash key value
    tash key value --verbose
    fetch key
    stash list
    stash ttl key
    stash delete key --yes
    worker --burst
"""


def lines(text):
    """Return the command lines in one of the texts above."""
    text = text.format(kept=canary("kept"), mistyped=canary("mistyped"))
    return [line.strip() for line in text.strip().splitlines()]


COMMANDS = [
    line for text in (LANGFUSE, OTHERS, AWS, WRITING, LOCAL, STASHING) for line in lines(text)
]


def make_files(project):
    """Write what the command lines read."""
    with wave.open(str(project / "sound.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(b"\0\1" * 800)
    (project / "prompts").mkdir()
    (project / "gallery").mkdir()
    texts = {
        "words.txt": "hello",
        "prompts/greeting.md": "Hello",
        "gallery/mine.json": '{"steps": [{"name": "x"}]}',
        "items.jsonl": '{"input": "x"}\n',
        "steps.jsonl": '{"name": "x"}\n',
        "scores.jsonl": '{"trace_id": "t", "name": "q", "value": 1}\n',
        "exported.json": '[{"name": "c", "dataType": "NUMERIC"}]',
    }
    for name, text in texts.items():
        (project / name).write_text(text, "utf-8")


def settings_for(url, redis_url):
    """Return every secret and every address, by its key in coaia.json."""
    address = url.replace("://", "://user:{}@".format(ADDRESS))
    values = dict(TOKENS, langfuse_public_key=PUBLIC, langfuse_timeout="1", openai_timeout="1")
    values.update({name: address for name in URLS}, redis_url=redis_url, kv_url=redis_url)
    values.update({"pollyconf.region": "eu-west-1", "transcribeconf.bucket": "b"})
    return values


def as_variables(values):
    """Return the same as environment variables, each under its first name."""
    names = {key.name: key.variables[0] for key in KEYS if key.variables}
    return {names[name]: value for name, value in values.items()}


def as_file(values):
    """Return the same as the text of a coaia.json."""
    nested = {}
    for name, value in values.items():
        *folders, last = name.split(".")
        inner = nested
        for folder in folders:
            inner = inner.setdefault(folder, {})
        inner[last] = value
    return json.dumps(nested)


def plant(place, values, home, project, monkeypatch):
    """Write the settings to one place; return the options that commands need, and the paths."""
    text = "".join("{}='{}'\n".format(*pair) for pair in as_variables(values).items())
    if place == "environment":
        for name, value in as_variables(values).items():
            monkeypatch.setenv(name, value)
        return [], []
    path = {"file": home / "coaia.json", ".env": project / ".env", "--env": project / "my.env"}
    path = path[place]
    path.write_text(as_file(values) if place == "file" else text)
    path.chmod(0o600)
    return (["--env", str(path)] if place == "--env" else []), [str(path)]


def sing(commands, more=()):
    """Run command lines in one real process; return their whole output, with tracebacks."""
    words = [list(more) + line.split() + ["--debug"] for line in commands]
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    out, err = process.communicate(json.dumps(words).encode("utf-8"), timeout=200)
    assert process.returncode == 0, err
    return (out + err).decode("utf-8")


def assert_silent(text, where, secrets=CANARIES):
    """Assert that no canary is in ``text``, in any form."""
    for secret in secrets:
        forms = [secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode()]
        for form in forms:
            at = text.find(form)
            assert at < 0, "{} in {}: {!r}".format(form, where, text[max(0, at - 300) : at + 80])
    assert PAIR not in text, where


def assert_files_are_silent(folder, planted, secrets=CANARIES):
    """Assert that no file below ``folder`` has a canary, except those that were planted."""
    seen = 0
    for base, _, names in os.walk(str(folder)):
        for name in names:
            path = os.path.join(base, name)
            if path not in planted:
                with open(path, "rb") as stream:
                    assert_silent(stream.read().decode("utf-8", "replace"), path, secrets)
                seen += 1
    return seen


def echo(status, kind, headers=()):
    """Return a server that repeats the request: the query, and headers as sent and decoded."""

    def answer(asked, url):
        told = ["{}: {}".format(*pair) for pair in sorted(asked.headers.items())]
        told += ["{}={}".format(*pair) for pair in sorted(asked.query.items())]
        for value in asked.headers.values():
            try:
                told.append(base64.b64decode(value.split()[-1]).decode("utf-8"))
            except (ValueError, IndexError):
                pass
        said = " | ".join(told)
        more = dict(headers)
        if kind == "page":
            more["Content-Type"] = "text/html"
            return status, "<html><title>{}</title>{}".format(said, said).encode("utf-8"), more
        if kind == "text":
            return status, said.encode("utf-8"), more
        if kind == "events" and asked.path.endswith("/ingestion"):
            errors = [{"id": str(n), "status": 400, "message": said} for n in range(9)]
            return 207, {"successes": [], "errors": errors}, more
        if asked.path == "/":
            error = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>{}</Message></Error>"
            return status, (error.format(said) + "</ErrorResponse>").encode("utf-8"), more
        return status, {"message": said, "error": {"message": said}, "version": said}, more

    return answer
