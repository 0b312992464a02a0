"""``coaia fuse traces add-observations``, by hand and by pipe."""

import json
import os
import struct

import pytest
from processes import environment, finish, peak_memory, start

MANY = 20000


@pytest.fixture
def listed(run):
    """Return the observations of a trace as they are read back."""

    def read(trace_id):
        return json.loads(run("fuse", "traces", "tv", trace_id, "--json").out)["observations"]

    return read


def add(run, *words, **options):
    return run("fuse", "traces", "add-observations", *words, **options)


def test_a_batch_is_written_and_the_same_again_is_not(run, listed):
    content = '{"id": "a", "name": "A"}\n{"name": "B", "parent": "a", "type": "SPAN"}\n'
    first = add(run, "t", stdin=content)
    assert (first.code, first.out) == (0, "")
    note, unknown, local = first.err.splitlines()
    assert "trace 't' was not known" in unknown
    assert note == "2 observations of trace t read and valid, 2 written"
    assert local.startswith("kept locally in ") and "coaia fuse outbox flush --adopt" in local
    again = add(run, "t", stdin=content)
    assert again.err.startswith(
        "2 observations of trace t read and valid, 0 written, 2 already there"
    )
    assert [one["name"] for one in listed("t")] == ["A", "B"]


def test_files_of_every_format_are_taken(run, project, listed):
    (project / "a.jsonl").write_text('{"id": "a"}\n')
    (project / "b.json").write_text('[{"id": "b"}]')
    (project / "c.yml").write_text("- id: c\n")
    for name in ("a.jsonl", "b.json", "c.yml"):
        assert add(run, "t", "-f", name).code == 0
    assert {one["id"] for one in listed("t")} == {"a", "b", "c"}


def test_one_mistake_and_nothing_is_written(run, project, listed):
    run("fuse", "traces", "create", "t")
    (project / "steps.jsonl").write_text('{"id": "a"}\n{"id": "b", "level": "FATAL"}\n')
    result = add(run, "t", "-f", "steps.jsonl")
    assert (result.code, result.out) == (2, "")
    assert "coaia: steps.jsonl: 1 of 2 observations is wrong" in result.err
    assert "line 2: level: 'FATAL' is not one of DEBUG" in result.err
    assert listed("t") == []


def test_a_dry_run_shows_and_writes_nothing(run):
    result = add(run, "t", "--dry-run", stdin='[{"id": "a", "name": "A", "output": 0}, {}]')
    shown = json.loads(result.out)
    assert result.code == 0 and "dry run: 2 observations valid, nothing was written" in result.err
    assert shown["trace_id"] == "t" and shown["total_observations"] == 2
    assert shown["observations_preview"][0]["name"] == "A"
    assert shown["observations_preview"][0]["has_output"] is True
    assert run("fuse", "traces", "tv", "t").code == 1


def test_a_dry_run_of_many_says_that_it_shows_some(run):
    result = add(run, "t", "--dry-run", stdin="{}\n" * 300)
    assert len(json.loads(result.out)["observations_preview"]) == 100
    assert "300 observations valid, the first 100 shown" in result.err


@pytest.mark.parametrize(
    "words, stdin, code, reason",
    [
        (["t"], "", 2, "standard input: it is empty"),
        (["t"], "{", 2, "standard input: this is not JSON"),
        (["t", "-f", "nowhere.json"], "", 6, "cannot read nowhere.json: No such file"),
        (["t", "-f", "."], "", 6, "cannot read .: Is a directory"),
        (["t", "--format", "csv"], "", 2, "invalid choice: 'csv'"),
        ([], "", 2, "TRACE_ID"),
        ([""], "[{}]", 2, "trace_id: must have 1 to 800 characters"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(run, words, stdin, code, reason):
    result = add(run, *words, stdin=stdin)
    assert (result.code, result.out) == (code, "")
    assert reason in result.err and "Traceback" not in result.err


def test_broken_utf8_on_standard_input_is_named_by_line():
    content = b'{"id": "a"}\n{"id": "\xff"}\n'
    code, out, err = finish("fuse", "traces", "add-observations", "t", input=content)
    assert (code, out) == (2, "")
    assert err == (
        "coaia: standard input: 1 of 2 observations is wrong, so nothing was written:\n"
        "  line 2: not UTF-8 text: save the file as UTF-8\n"
    )


def test_a_file_may_be_a_pipe_of_the_shell():
    read_end, write_end = os.pipe()
    os.write(write_end, b'{"id": "a"}\n{"id": "b"}\n')
    os.close(write_end)
    words = ("add-observations", "t", "-f", "/dev/fd/{}".format(read_end))
    code, out, err = finish("fuse", "traces", *words, pass_fds=[read_end])
    os.close(read_end)
    assert code == 0 and "2 written" in err


def write_many(path, count=MANY):
    with open(str(path), "w") as stream:
        for number in range(count):
            observation = {
                "id": "o{}".format(number),
                "type": "SPAN",
                "name": "Step {}".format(number),
                "parent": "o{}".format(number // 10) if number else None,
                "start_time": 1769860800 + number,
                "end_time": 1769860801 + number,
                "input": {"row": number, "text": "x" * 100},
                "metadata": {"source": "test"},
            }
            stream.write(json.dumps(observation) + "\n")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("how", ["file", pytest.param("stdin", marks=pytest.mark.once)])
def test_tens_of_thousands_stream_in_little_memory(tmp_path, project, how):
    """All in memory at once would be 25 MB more than the limit."""
    write_many(project / "many.jsonl")
    words = ("fuse", "traces", "add-observations", "t")
    if how == "file":
        code, peak = peak_memory(tmp_path / "peak", *(words + ("-f", "many.jsonl")))
    else:
        with open("many.jsonl", "rb") as stdin:
            code, peak = peak_memory(tmp_path / "peak", *words, stdin=stdin)
    assert code == 0
    assert peak < 60e6, "{:.0f} MB".format(peak / 1e6)
    code, out, err = finish("fuse", "traces", "get-observation", "o{}".format(MANY - 1))
    assert code == 0 and "Step {}".format(MANY - 1) in out


def test_a_terminal_shows_how_far_it_is(project):
    pty = pytest.importorskip("pty")
    write_many(project / "many.jsonl")
    import fcntl
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    words = ("fuse", "traces", "add-observations", "t", "-f", "many.jsonl")
    process = start(*words, stderr=theirs, env=environment(TERM="xterm"))
    os.close(theirs)
    said = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the other side is closed
            break
        if not piece:
            break
        said += piece
    os.close(ours)
    out, _ = process.communicate()
    assert process.returncode == 0 and out == b""
    assert b"checking: " in said
    assert b"20000 observations of trace t read and valid, 20000 written\r\n" in said


def test_a_pipe_is_told_nothing_but_what_came_of_it(project):
    write_many(project / "many.jsonl", 5000)
    code, out, err = finish("fuse", "traces", "add-observations", "t", "-f", "many.jsonl")
    assert code == 0 and len(err.splitlines()) == 3


def test_without_a_pipe_it_does_not_wait_for_a_terminal():
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    code, out, err = finish("fuse", "traces", "add-observations", "t", stdin=theirs)
    os.close(theirs)
    os.close(ours)
    assert code == 2 and "pipe it in or name a file" in err
