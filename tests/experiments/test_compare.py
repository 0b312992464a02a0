"""How likely it is that a difference of two runs is chance."""

import pytest

from coaiapy.experiments.compare import sign_test


@pytest.mark.parametrize(
    "wins, losses, p", [(0, 0, 1), (5, 0, 0.0625), (8, 2, 0.109375), (3, 3, 1)]
)
def test_the_sign_test_is_exact(wins, losses, p):
    assert sign_test(wins, losses) == pytest.approx(p, abs=1e-9)
    assert sign_test(losses, wins) == sign_test(wins, losses)
