"""A gallery of templates in a real git repository."""

import subprocess

OPTIONS = [
    "-c",
    "user.name=Somebody",
    "-c",
    "user.email=somebody@example.com",
    "-c",
    "commit.gpgsign=false",
    "-c",
    "init.defaultBranch=main",
    "-c",
    "core.autocrlf=false",
    "-c",
    "protocol.file.allow=always",
]
STEPS = "steps:\n  - name: One\n  - name: Two\n  - name: Three\n  - name: Four\n  - name: Five\n"
BASE = 'version: "1.2.0"\ndescription: A base\nvariables: [{name: who, default: me}]\n' + STEPS
CHILD = 'version: "0.1.0"\ndescription: A child\nextends: base@^1\nsteps: [{name: Six}]\n'


class GitGallery:
    """A repository whose ``templates`` folder is published."""

    def __init__(self, path):
        self.path = path
        if not path.exists():
            path.mkdir()
            self.git("init", "-q", ".")

    def git(self, *words):
        done = subprocess.run(
            ["git"] + OPTIONS + list(words),
            cwd=str(self.path),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            universal_newlines=True,
            timeout=200,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def publish(self, *tags, **files):
        """Write and commit files of the folder, ``None`` removes one; return the commit."""
        folder = self.path / "templates"
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            path = folder / (name + ".yaml")
            if text is None:
                path.unlink()
            else:
                path.write_bytes(text.encode("utf-8"))
        return self.commit(*tags)

    def commit(self, *tags):
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "change")
        for tag in tags:
            self.git("tag", tag)
        return self.git("rev-parse", "HEAD")
