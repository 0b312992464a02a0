"""Where private keys are found, and that they are not shown."""

from coaiapy.dotenvx import cipher, keys

PAIR = cipher.pair_of("11" * 32)


def test_the_environment_counts_before_the_file_and_the_last_key_of_a_file_first(
    project, monkeypatch
):
    lines = (
        "DOTENV_PRIVATE_KEY={}\nexport DOTENV_PRIVATE_KEY_X='{}, {}' # x\r\nDOTENV_PRIVATE_KEY={}\n"
    )
    (project / ".env.keys").write_text(lines.format("aa", "bb", "cc", "dd"))
    monkeypatch.setenv("DOTENV_PRIVATE_KEY_X", "ee")
    monkeypatch.setenv("DOTENV_PRIVATE_KEY", "ff")
    found = [key.key for key in keys.private_keys("DOTENV_PRIVATE_KEY", ".env.keys")]
    assert found == ["ff", "ee", "dd", "aa", "bb", "cc"]


def test_a_private_key_is_not_in_a_representation():
    key = keys.PrivateKey("DOTENV_PRIVATE_KEY", PAIR.private, "somewhere")
    assert PAIR.private not in repr(PAIR) + repr(key) + str([PAIR, key])
