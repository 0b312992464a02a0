"""``coaia pipeline schedule``: what it prints is read as it was meant, by whatever reads it."""

import datetime
import os
import re
import shlex
import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coaiapy.errors import UsageError
from coaiapy.running.pipelines.schedules import cloud, cron, machine
from coaiapy.running.pipelines.schedules.job import Job
from coaiapy.util.formats import yaml_values

HOSTILE = "a 'b' \"c\" %d%% $HOME ${{ secrets.X }} $(touch HIT) `touch HIT` \\n ; # & | * ~ é"
SYSTEMD = shutil.which("systemd-analyze")
ANALYZE = pytest.mark.skipif(SYSTEMD is None, reason="systemd is not installed")


def job(*words, **more):
    fields = dict(name="t", cron=cron.parse("0 6 * * *"), folder="/f", place="project", **more)
    return Job(words=["pipeline", "run"] + list(words), **fields)


@pytest.fixture
def schedule(run):
    def _schedule(form, *words, **more):
        when = more.get("cron", "0 6 * * *")
        return run("pipeline", "schedule", "t", "--cron", when, "--format", form, *words)

    return _schedule


@pytest.fixture
def template(save):
    save({"name": "A", "run": "printf %s {{ who }} > said; pwd -P > where; echo $PATH > path"})


def test_an_entry_of_cron_does_what_the_command_does(template, schedule, project, home):
    line = schedule("crontab", "--var", "who=" + HOSTILE).out.splitlines()[-1]
    fields = line.split(" ", 5)
    assert fields[:5] == "0 6 * * *".split()
    known = {"HOME": str(home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    assert "%" not in fields[5] and "\\\\" not in fields[5]  # cron would change them
    subprocess.check_call(["/bin/sh", "-c", fields[5]], cwd="/", env=known)
    assert (project / "said").read_text("utf-8") == HOSTILE
    assert (project / "path").read_text().strip() == os.environ["PATH"]
    assert (project / "where").read_text().strip() == os.path.realpath(str(project))
    assert not (project / "HIT").exists()


def units(text):
    """Return the units by their kind."""
    parts = re.split(r"^# ~/\S+/(coaia-t\.\w+)$", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


@ANALYZE
def test_systemd_finds_nothing_wrong(template, schedule, tmp_path):
    words = ["--var", "who=" + HOSTILE]
    done = schedule("systemd", *words, cron="*/7 6-8 1,15 FEB-nov mon-FRI")
    assert done.code == 0, done.err
    paths = []
    for name, text in units(done.out).items():
        paths.append(tmp_path / name)
        paths[-1].write_text(text, "utf-8")
    verified = subprocess.run(
        [SYSTEMD, "verify", "--user"] + list(map(str, paths)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(os.environ, XDG_RUNTIME_DIR=str(tmp_path)),
    )
    said = [line for line in verified.stdout.decode().splitlines() if "coaia-t" in line]
    assert len(paths) == 2 and not said, said


def meant(expression, start, count):
    """Return the first ``count`` moments after ``start`` that a cron expression means."""
    one, found = cron.parse(expression), []
    moment = start.replace(second=0)
    while len(found) < count:
        moment += datetime.timedelta(minutes=1)
        days = moment.day in one.day.values, (moment.weekday() + 1) % 7 in one.weekday.values
        is_day = any(days) if one.either_day else all(days)
        is_time = moment.minute in one.minute.values and moment.hour in one.hour.values
        if is_day and is_time and moment.month in one.month.values:
            found.append(moment)
    return found


@ANALYZE
@pytest.mark.parametrize(
    "expression", ["0 6 * * *", "*/20 22-23 * * 5-7", "5 0 13 * FRI", "30 4 1,15 1-12/3 *"]
)
def test_systemd_means_the_same_moments(expression):
    start = datetime.datetime(2026, 1, 1)
    asked = [SYSTEMD, "calendar", "--iterations=8", "--base-time=2026-01-01 00:00:00"]
    said = subprocess.check_output(
        asked + list(machine.calendar(cron.parse(expression))), env=dict(os.environ, TZ="UTC")
    ).decode()
    found = re.findall(r"(?:elapse|#\d+|in UTC): \w{3} (\d{4}-\d\d-\d\d \d\d:\d\d):00", said)
    moments = sorted(set(found))[:8]
    assert moments == [one.strftime("%Y-%m-%d %H:%M") for one in meant(expression, start, 8)]


def as_systemd(line):
    """Return the words of ExecStart as systemd.service(5) reads them."""
    words, escapes = [], {"\\": "\\", '"': '"'}
    for quoted, plain in re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', line):
        text = re.sub(
            r"\\(x..|.)",
            lambda m: escapes.get(m.group(1)) or chr(int(m.group(1)[1:], 16)),
            quoted or plain,
        )
        words.append(text.replace("%%", "%").replace("$$", "$"))
    return words


@given(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=30))
@settings(suppress_health_check=list(HealthCheck), deadline=None)
def test_every_value_survives(value):
    word = "who=" + value
    found = yaml_values.load(cloud.kubernetes(job(word, image="i")))
    (container,) = found["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert container["args"][2].replace("$$(", "$(") == word
    assert not re.search(r"(?<!\$)\$\(", container["args"][2])
    (start,) = re.findall("^ExecStart=(.*)$", machine.systemd(job(word)), re.M)
    assert as_systemd(start)[-1] == word
    try:
        line = machine.crontab(job(word)).split("\n")[1]
    except UsageError:
        assert any(ord(character) < 32 for character in value)
    else:
        for code, character in (("045", "%"), ("134", "\\")):
            line = line.replace("\"$(printf '\\{}')\"".format(code), shlex.quote(character))
        assert shlex.split(line)[-1] == word


def test_a_workflow_checks_out_the_project_and_runs_in_its_folder(template, run, schedule, project):
    assert schedule("github-actions").code == 2
    (project / ".git").mkdir()
    done = schedule("github-actions", "--var", "who=" + HOSTILE)
    assert done.code == 2 and "is in your own folder" in done.err
    below = project / "a b" / ".coaia" / "templates"
    below.mkdir(parents=True)
    text = '{"variables": [{"name": "who"}], "steps": [{"name": "A", "run": "true"}]}'
    (below / "t.json").write_text(text, "utf-8")
    os.chdir(str(project / "a b"))
    assert schedule("github-actions", "--var", "who=x").code == 3
    assert run("pipeline", "trust", "t", "--yes").code == 0
    done = schedule("github-actions", "--var", "who=" + HOSTILE)
    found = yaml_values.load(done.out)
    assert found[True if True in found else "on"]["schedule"] == [{"cron": "0 6 * * *"}]
    step = found["jobs"]["pipeline"]["steps"][-1]
    assert step["working-directory"] == "a b"
    assert step["env"]["LANGFUSE_SECRET_KEY"] == "${{ secrets.LANGFUSE_SECRET_KEY }}"
    command = step["run"].replace("${{ '${{' }}", "${{")  # so does GitHub
    words = ["coaia", "pipeline", "run", "t", "--var", "who=" + HOSTILE]
    assert shlex.split(command) == words + ["--yes", "--require-delivery"]


@pytest.mark.parametrize(
    "expression",
    [
        "0 6 * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8",
        "5-1 * * * *", "*/0 * * * *", "5/10 * * * *", "a * * * *", "0 0 30 2 *", "@reboot", "", "1,,2 * * * *",
    ],
)  # fmt: skip
def test_what_is_no_cron_expression_is_refused(template, schedule, expression):
    done = schedule("crontab", cron=expression)
    assert done.code == 2 and "is no cron expression" in done.err and not done.out


@pytest.mark.parametrize(
    "form, words, said",
    [
        ("kubernetes", [], "--image IMAGE"),
        ("systemd", ["--image", "i"], "--image is for"),
        ("systemd", ["--var", "nobody=1"], "there is no variable 'nobody'"),
        ("systemd", ["--var", "api_key=canary"], "COAIA_API_KEY"),
        ("crontab", ["--var", "who=" + "x" * 1000], "cron takes no more"),
        ("crontab", ["--var", "who=a\nb"], "cannot have"),
    ],
)
def test_what_cannot_be_said_is_refused(save, schedule, project, form, words, said):
    folder = project / ".coaia" / "templates"
    folder.mkdir(parents=True)
    text = '{"variables": [{"name": "who", "default": ""}], "steps": [{"name": "A"}]}'
    (folder / "t.json").write_text(text, "utf-8")
    done = schedule(form, *words)
    assert done.code == 2 and said in done.err and "canary" not in done.err and not done.out


def test_a_variable_of_this_shell_alone_is_told(template, schedule, monkeypatch):
    monkeypatch.setenv("COAIA_WHO", "me")
    assert "who comes from COAIA_WHO of this shell" in schedule("systemd").err


def test_the_settings_file_goes_along(template, schedule, project, monkeypatch):
    monkeypatch.setenv("COAIAPY_ENV_PATH", "some.env")
    out = schedule("systemd").out
    assert "Environment=COAIAPY_ENV_PATH={}\n".format(project / "some.env") in out
