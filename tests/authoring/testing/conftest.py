"""A template with tests, and what becomes of them."""

import pytest

from coaiapy.authoring.testing import document, runner


@pytest.fixture
def tested(tmp_path):
    """Write a template and its tests; the result runs them."""

    def write(template, tests, **options):
        (tmp_path / "t.yaml").write_text(template, encoding="utf-8")
        (tmp_path / "t.test.yaml").write_text(tests, encoding="utf-8")
        return runner.run(document.read(str(tmp_path / "t.test.yaml")), **options)

    return write
