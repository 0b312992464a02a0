"""What is hidden of a message: the secrets in every place that settings come from."""

import base64
import json

from coaiapy.config.redaction import without_secrets


def test_a_secret_of_every_place_is_hidden(monkeypatch, home, project):
    """Also one that another place overrides, or that stands in a file for other programs."""
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", "pk-lf-public")
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", "sk-lf-secret")
    monkeypatch.setenv("MY_DATABASE", "postgres://me:pass%2Fword@h/db")
    (project / ".env").write_text("OPENAI_API_KEY=from-dot-env\nPASSWORD=short\n")
    (home / "coaia.json").write_text(json.dumps({"langfuse_secret_key": "sk-lf-overridden"}))
    pair = base64.b64encode(b"pk-lf-public:sk-lf-secret").decode()
    text = "{} sk-lf-secret sk-lf-overridden pass/word pass%2Fword from-dot-env short pk-lf-public"
    hidden = "**** **** **** **** **** **** short pk-lf-public"
    assert without_secrets(text.format(pair)) == hidden


def test_of_an_address_only_what_may_be_secret_is_hidden(monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://h/v1?api-version=2026-01-01&code=abcdefghij&n=12")
    monkeypatch.setenv("SOME_PAGE", "http://h/page?branch=development&api-key=first-key")
    said = "2026-01-01 abcdefghij 12 development first-key"
    assert without_secrets(said) == "2026-01-01 **** 12 development ****"


def test_what_stands_encrypted_in_a_file_is_hidden_whatever_its_name(project, run):
    (project / ".env").write_text("CITY=Saint-Tropez\n")
    assert without_secrets("in Saint-Tropez") == "in Saint-Tropez"
    assert run("env", "encrypt", "CITY", "--file", ".env").code == 0
    assert "Saint-Tropez" not in (project / ".env").read_text()
    assert without_secrets("in Saint-Tropez") == "in ****"


def test_a_file_that_cannot_be_read_hides_nothing_and_stops_nothing(home, monkeypatch):
    (home / "coaia.json").write_text("{ broken")
    monkeypatch.setenv("OPENAI_API_KEY", "of-the-environment")
    assert without_secrets("of-the-environment") == "****"
