"""Whatever a service other than Langfuse answers: each command ends with a stated error."""

import shlex

import pytest
from canaries import make_files
from fuzzed_answers import InProcess, problem_of, rounds
from mutations import generator
from service_answers import answer

from coaiapy import patience
from coaiapy.audio import aws

URL = "http://services.test"
COMMANDS = """
gh issues list --owner o --repo r
gh issues list --owner o --repo r --state all --json
gh issues get o/r#12
gh issues get o/r#12 --json
p dictkore text
p dictkore text --json --reasoning
p dictkore text --stream
summarize text
summarize text --stream --reasoning
transcribe sound.wav
transcribe sound.wav --format srt
transcribe sound.wav --format vtt --json
transcribe sound.wav --format json -O sound.json
"""
AWS = """
synthesize hello -O hello.mp3
synthesize --voices
synthesize --voices --language en --json
transcribe sound.wav --engine aws
transcribe sound.wav --engine aws --format srt
transcribe sound.wav --engine aws --format json
"""
WRONG_ANSWERS = 16


@pytest.fixture
def services(monkeypatch, project):
    """All services in this process, which are tried once and without waiting."""
    make_files(project)
    for name in ("GITHUB_API_URL", "AWS_ENDPOINT_URL"):
        monkeypatch.setenv(name, URL)
    for name in ("OPENAI_API_KEY", "GH_TOKEN", "AWS_KEY_ID", "AWS_SECRET_KEY"):
        monkeypatch.setenv(name, "key")
    monkeypatch.setenv("OPENAI_BASE_URL", URL + "/v1")
    monkeypatch.setenv("COAIA_TRANSCRIBE_BUCKET", "bucket")
    for name in ("FIRST_PAUSE", "FIRST_JOB_PAUSE"):
        monkeypatch.setattr(patience, name, 0.001)
    for name in ("WEB_API", "OPENAI", "AWS"):
        monkeypatch.setattr(patience, name, getattr(patience, name)._replace(tries=1))
    monkeypatch.setattr(patience, "JOB", 0.05)
    played = InProcess(answer, monkeypatch)
    played.play_aws(monkeypatch)
    clients = {}  # boto3 takes long to make one
    make = aws.client

    def client(values, service):
        if service not in clients:
            clients[service] = make(values, service)
        return clients[service]

    monkeypatch.setattr(aws, "client", client)
    return played


@pytest.mark.parametrize("commands", [COMMANDS, AWS], ids=["requests", "boto3"])
def test_wrong_answers_end_in_a_stated_error(run, services, commands):
    wrong = []
    for line in commands.strip().splitlines():
        assert run(*shlex.split(line)).code == 0, line
        for number in range(rounds() * WRONG_ANSWERS):
            rng = generator(line, number)
            services.change(rng, rng.choice((0, 0, 0, 1, 2, 3)))
            result = run(*shlex.split(line))
            services.change_nothing()
            problem = problem_of(line, result)
            if problem:
                wrong.append((problem, number, line, result))
    assert not wrong, "\n".join(map(repr, wrong[:20]))
