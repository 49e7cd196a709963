"""What stands between a stolen table of passwords and the people it is about."""

from argon2 import Type

from tests.conftest import SHIPPED


def test_a_password_costs_whoever_guesses_at_least_what_the_standard_asks() -> None:
    """RFC 9106, 4: the second recommended option, for where memory is short (64 MiB in KiB, three passes)."""
    assert SHIPPED.type is Type.ID
    assert SHIPPED.memory_cost >= 64 * 1024
    assert SHIPPED.time_cost >= 3
    assert SHIPPED.salt_len >= 16
    assert SHIPPED.hash_len >= 32
