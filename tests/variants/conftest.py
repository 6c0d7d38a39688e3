import os
from random import SystemRandom

import pytest


@pytest.fixture(scope="session")
def seed() -> int:
    """A new seed for every run; ``WHEELBRIDGE_TEST_SEED`` takes a run up again."""
    return int(os.environ.get("WHEELBRIDGE_TEST_SEED") or SystemRandom().randrange(2**32))


@pytest.fixture(scope="session")
def tries() -> int:
    """How many releases are made up to compare; ``WHEELBRIDGE_TEST_CASES`` asks for more."""
    return int(os.environ.get("WHEELBRIDGE_TEST_CASES") or 300)


@pytest.fixture(scope="session")
def tries_with_uv() -> int:
    """How many of them uv is given as wheels; ``WHEELBRIDGE_TEST_UV_CASES`` asks for more."""
    return int(os.environ.get("WHEELBRIDGE_TEST_UV_CASES") or 8)
