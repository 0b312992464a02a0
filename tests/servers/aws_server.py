"""AWS for tests: moto in a process of its own, and a Polly that returns real sound (tones).

moto answers as AWS does, with two exceptions that matter here. Its Transcribe writes no transcript;
``Transcriber`` writes one as AWS would. Its Polly returns eight zero bytes for any text; ``polly``
is a replacement whose MP3s are longer for longer texts.
"""

import json
import re
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import ThreadingMixIn

import pytest
from hearing import mp3_of, tone

BUCKET = "coaia-recordings"
MOTO = "import sys; from moto.server import main; sys.argv[0] = 'moto_server'; main()"
MILLISECONDS_A_CHARACTER = 10


@pytest.fixture(scope="session")
def moto_url():
    """The URL of a moto server that runs until the end of all tests."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [sys.executable, "-c", MOTO, "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for_port(port, process)
        yield "http://127.0.0.1:{}".format(port)
    finally:
        process.terminate()
        process.wait()


def wait_for_port(port, process, seconds=200):
    limit = time.monotonic() + seconds
    while True:
        assert process.poll() is None, "moto_server has ended: pip install moto flask flask-cors"
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < limit, "moto_server does not answer"
            time.sleep(0.02)


@pytest.fixture
def aws(moto_url, monkeypatch):
    """The settings of a project whose AWS is moto; returns a function that makes clients."""
    import boto3

    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_url)
    monkeypatch.setenv("AWS_KEY_ID", "a-key")
    monkeypatch.setenv("AWS_SECRET_KEY", "a-secret")
    monkeypatch.setenv("COAIA_TRANSCRIBE_BUCKET", BUCKET)

    def client(service):
        return boto3.client(
            service,
            endpoint_url=moto_url,
            region_name="us-east-1",
            aws_access_key_id="a-key",
            aws_secret_access_key="a-secret",
        )

    client("s3").create_bucket(Bucket=BUCKET)
    return client


class Transcriber(threading.Thread):
    """Writes the transcript of each new job to S3, which moto's Transcribe does not do."""

    def __init__(self, client, results):
        threading.Thread.__init__(self, daemon=True)
        self.s3, self.service = client("s3"), client("transcribe")
        self.results = results
        self.jobs = []
        self.recordings = []
        self.settings = []
        self.ended = threading.Event()

    def run(self):
        while not self.ended.wait(0.02):
            for job in self.service.list_transcription_jobs()["TranscriptionJobSummaries"]:
                if job["TranscriptionJobName"] not in self.jobs:
                    self.transcribe(job["TranscriptionJobName"])

    def transcribe(self, name):
        answer = self.service.get_transcription_job(TranscriptionJobName=name)
        job = answer["TranscriptionJob"]
        self.settings.append(job.get("Settings"))
        key = job["Media"]["MediaFileUri"].split(BUCKET + "/")[1]
        self.recordings.append(self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())
        value = {"jobName": name, "status": "COMPLETED", "results": self.results}
        target = re.sub(r"[^/]+$", "transcript.json", key)
        self.s3.put_object(Bucket=BUCKET, Key=target, Body=json.dumps(value).encode("utf-8"))
        self.jobs.append(name)

    def stop(self):
        self.ended.set()
        self.join()


class PollyServer(ThreadingMixIn, HTTPServer):
    """A Polly whose sound is longer for longer texts; ``texts`` are those of the requests."""

    daemon_threads = True

    def __init__(self):
        HTTPServer.__init__(self, ("127.0.0.1", 0), PollyHandler)
        self.requests = []
        self.refusals = []


class PollyHandler(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_POST(self):  # noqa: N802
        length = int(self.headers["Content-Length"])
        asked = json.loads(self.rfile.read(length).decode("utf-8"))
        self.server.requests.append(asked)
        text = asked["Text"]
        spoken = re.sub(r"<[^>]*>", "", text) if asked.get("TextType") == "ssml" else text
        if len(spoken) > 3000 or len(text) > 6000:
            return self.refuse(400, "TextLengthExceededException")
        if self.server.refusals:
            return self.refuse(*self.server.refusals.pop(0))
        seconds = len(spoken) * MILLISECONDS_A_CHARACTER / 1000.0
        sound = mp3_of(tone(1, seconds), bit_rate=32)
        if asked["OutputFormat"] == "pcm":
            sound = tone(1, seconds).tobytes()
        self.send_response(200)
        self.send_header("Content-Type", "audio/mpeg")
        self.send_header("x-amzn-RequestCharacters", str(len(spoken)))
        self.send_header("Content-Length", str(len(sound)))
        self.end_headers()
        self.wfile.write(sound)

    def refuse(self, status, code, message="no"):
        body = json.dumps({"message": message}).encode("utf-8")
        self.send_response(status)
        self.send_header("x-amzn-ErrorType", code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def polly(monkeypatch):
    """A running Polly server, named in the test's settings."""
    server = PollyServer()
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:{}".format(server.server_port))
    monkeypatch.setenv("AWS_KEY_ID", "a-key")
    monkeypatch.setenv("AWS_SECRET_KEY", "a-secret")
    yield server
    server.shutdown()
    server.server_close()
