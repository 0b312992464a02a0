"""The checks of ``coaia doctor``: settings, journal, server, keys, generation, clock and outbox.

What the journal remembers of the server is not used: it is asked again, and the answer is saved.
"""

import time
from typing import Any, Dict, Iterator, List, Optional

from coaiapy import patience
from coaiapy.checks.finding import FAILED, OK, WARNING, Finding, asked, failure, has_failed
from coaiapy.config import settings
from coaiapy.config import values as config_values
from coaiapy.config.schema import KEYS
from coaiapy.config.settings import LOCAL, Settings
from coaiapy.config.values import ConfigValues
from coaiapy.errors import CoaiaError, ExitCode
from coaiapy.langfuse.journal import outbox
from coaiapy.langfuse.journal.db import Journal, journal_path
from coaiapy.util import deadlines, masking

# A larger difference between the clocks puts traces visibly in the wrong place.
SKEW_SECONDS = 5.0


def examine(env_file: Optional[str] = None) -> List[Finding]:
    """Return one finding for each check; a failure leaves out the checks that depend on it."""
    try:
        values = config_values.load(env_file)
        known = settings.from_values(values)
    except CoaiaError as error:
        return [failure("settings", error)] + asked("journal", _journal)
    found = [_settings(known, values)] + asked("journal", _journal)
    has_journal = not has_failed(found)
    if known.has_server:
        from coaiapy.langfuse.client.http import LangfuseHttp

        limit = deadlines.handed_on(deadlines.whole(patience.CHECKS))
        with limit, LangfuseHttp(known) as http:
            found += _ServerChecks(http).run(has_journal)
    if has_journal:
        found += asked("outbox", lambda: _outbox(known))
    return found


def _settings(known: Settings, values: ConfigValues) -> Finding:
    facts: Dict[str, Any] = {"local": known.is_local}
    said = []
    for key in KEYS:
        found = values.found(key.name) if key.name.startswith("langfuse_") else None
        if found:
            value = masking.masked_value("", str(found.raw).strip())
            name, shown = found.name.upper(), _shown(key.name, value)
            facts[name] = {"value": shown, "from": found.place}
            said.append("{} {} ({})".format(name, shown, found.place))
    if known.is_local:
        why = "no Langfuse keys are set"
        if known.base_url == LOCAL:
            why = "LANGFUSE_BASE_URL is local"
        elif known.has_server:
            why = "LANGFUSE_TRACING_ENABLED is false"
        said.insert(0, "local mode: {}, so everything stays in the journal".format(why))
    return Finding(OK, "settings", "; ".join(said), facts=facts)


def _shown(name: str, value: str) -> str:
    if name == "langfuse_secret_key":
        return masking.MASK
    if name == "langfuse_public_key":
        return value[:6] + masking.MASK if len(value) > 12 else masking.MASK
    return masking.shown_url(value)


def _journal() -> Iterator[Finding]:
    with Journal() as journal:
        problems = [str(row[0]) for row in journal.rows("PRAGMA quick_check")]
    if problems != ["ok"]:
        text = "{} is damaged: {}; to print what can be recovered, run: sqlite3 {} .recover".format(
            journal_path(), problems[0].splitlines()[0], journal_path()
        )
        yield Finding(FAILED, "journal", text, ExitCode.STATE)
    else:
        yield Finding(OK, "journal", journal_path(), facts={"path": journal_path()})


def _outbox(known: Settings) -> Iterator[Finding]:
    with Journal() as journal:
        tallies = outbox.tallies(journal)
    counts = {
        name: sum(getattr(tally, name) for tally in tallies)
        for name in ("waiting", "rejected", "local")
    }
    said = ["{} {}".format(counts[name], name) for name in ("waiting", "rejected", "local")]
    text = ", ".join(said)
    if counts["rejected"]:
        text += "; coaia fuse outbox list shows why"
        yield Finding(FAILED, "outbox", text, ExitCode.REFUSED, counts)
    elif counts["waiting"]:
        here = (known.base_url, known.public_key)
        others = [one for one in tallies if one.waiting and (one.destination, one.key) != here]
        command = "status shows for which server" if others else "flush sends them"
        text += "; coaia fuse outbox " + command
        yield Finding(WARNING, "outbox", text, facts=counts)
    else:
        if counts["local"] and not known.is_local:
            text += "; coaia fuse outbox flush --adopt sends them"
        yield Finding(OK, "outbox", text, facts=counts)


class _ServerChecks:
    """The checks that ask a server."""

    def __init__(self, http: Any) -> None:
        self.http = http
        self.settings = http.settings

    def run(self, has_journal: bool) -> List[Finding]:
        """Return the findings on the server, up to a failure that makes the rest impossible."""
        from coaiapy.langfuse.client import server as servers
        from coaiapy.langfuse.client.errors import clean
        from coaiapy.util.http.answers import parsed_object

        started = time.time()
        try:
            answer = servers.ask_health(self.http)
        except CoaiaError as error:
            return [failure("server", error)]
        took = time.time() - started
        said = str(parsed_object(answer.body).get("version") or "").lstrip("v")
        version = clean(said, self.settings)
        text = "{} answers in {:.0f} ms".format(self.http.shown_url, took * 1000)
        found = [Finding(OK, "server", text, facts={"url": self.http.shown_url})]
        found += asked("credentials", self._credentials)
        if version:
            found.append(Finding(OK, "version", version, facts={"version": version}))
        if not has_failed(found):
            found += asked("generation", lambda: self._generation(has_journal))
        found.append(_clock(answer.headers.get("date"), started + took / 2))
        return found

    def _credentials(self) -> Iterator[Finding]:
        from coaiapy.langfuse.client import project as current_project

        project = current_project.ask(self.http)
        facts = {"project_id": project["id"], "project_name": project.get("name")}
        text = "project {} ({})".format(project.get("name"), project["id"])
        yield Finding(OK, "credentials", text, facts=facts)

    def _generation(self, has_journal: bool) -> Iterator[Finding]:
        from coaiapy.langfuse.client import server as servers

        server = servers.detect(self.http)
        if has_journal:
            with Journal() as journal:
                servers.remember(journal, self.settings.base_url, server)
        way = "OTLP spans" if server.keeps_spans else "ingestion events"
        text = "{}: traces are sent as {}".format(server.mode, way)
        facts = {"mode": server.mode, "generation": server.generation}
        yield Finding(OK, "generation", text, facts=facts)


def _clock(date: Optional[str], local: float) -> Finding:
    """Compare the server's ``Date`` header with the local time half-way through the request."""
    from email.utils import parsedate_to_datetime

    try:
        server = parsedate_to_datetime(date or "").timestamp()
    except (TypeError, ValueError, IndexError):
        return Finding(
            WARNING,
            "clock",
            "the server does not send its time, so the clock could not be compared",
        )
    skew = local - server
    off = max(0.0, abs(skew) - 1.0)  # the header has whole seconds
    facts = {"skew_seconds": round(skew, 1)}
    if off > SKEW_SECONDS:
        text = "this machine's clock is {:.0f} s {} the server's clock: correct it".format(
            abs(skew), "ahead of" if skew > 0 else "behind"
        )
        return Finding(WARNING, "clock", text, facts=facts)
    return Finding(OK, "clock", "within {:g} s of the server's".format(SKEW_SECONDS), facts=facts)
