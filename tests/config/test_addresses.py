"""Which addresses belong to one service alone, so that a key may go there."""

import pytest

from coaiapy.config import addresses


@pytest.mark.parametrize(
    "url, is_harmless",
    [
        ("https://cloud.langfuse.com", True),
        ("https://us.cloud.langfuse.com/", True),
        ("http://127.0.0.1:3000", True),
        ("http://127.8.9.1", True),
        ("http://localhost:3000/x", True),
        ("http://[::1]:3000", True),
        ("http://cloud.langfuse.com", False),
        ("https://cloud.langfuse.com.stranger.example", False),
        ("https://xcloud.langfuse.com", False),
        ("https://cloud.langfuse.com@stranger.example", False),
        ("https://stranger.example\\@cloud.langfuse.com", False),
        ("https://stranger.example/\\@127.0.0.1", False),
        ("http://localhost.stranger.example", False),
        ("http://127.0.0.1.stranger.example", False),
        ("http://0x7f.1", False),
        ("http://0.0.0.0", False),
        ("https://api.openai.com", False),
        ("https://stranger.example#@localhost", False),
    ],
)
def test_only_addresses_that_can_be_nobody_elses_need_no_trust(url, is_harmless):
    assert addresses.is_harmless("langfuse_base_url", url) is is_harmless


@pytest.mark.parametrize(
    "url, is_harmless",
    [
        ("https://polly.us-east-1.amazonaws.com", True),
        ("https://s3.amazonaws.com", True),
        ("https://bucket.s3.amazonaws.com", False),
        ("https://ec2-1-2-3-4.compute-1.amazonaws.com", False),
        ("https://x.execute-api.us-east-1.amazonaws.com", False),
    ],
)
def test_not_everything_at_amazon_is_amazons(url, is_harmless):
    assert addresses.is_harmless("pollyconf.endpoint_url", url) is is_harmless
