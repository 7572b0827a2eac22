"""Error answers and the exceptions that they become."""

from __future__ import annotations

import pytest

from prefect.contract.errors import describe, exception_for
from prefect.exceptions import AuthorizationError, ClientError, VersionLockMismatchSignal


@pytest.mark.parametrize(
    ("errors", "kind"),
    [
        pytest.param([{"message": "UNAUTHENTICATED"}], AuthorizationError, id="no-key"),
        pytest.param([{"message": "Malformed Authorization header"}], AuthorizationError, id="malformed-key"),
        pytest.param(
            [{"message": "m", "extensions": {"code": "VERSION_LOCKING_ERROR"}}],
            VersionLockMismatchSignal,
            id="stale-version",
        ),
        pytest.param([{"message": "no"}], ClientError, id="anything-else"),
        pytest.param([{"message": "no", "extensions": None}], ClientError, id="null-extensions"),
    ],
)
def test_the_first_error_chooses_the_exception(errors, kind):
    assert type(exception_for(errors)) is kind


def test_a_client_error_shows_the_list_as_it_came():
    assert str(exception_for([{"message": "no"}])) == "[{'message': 'no'}]"


def test_an_error_without_a_code_is_described_as_unknown():
    errors = [{"message": "a", "extensions": {"code": "X"}}, {"message": "b"}]

    assert describe(errors) == ["X: a", "UNKNOWN_ERROR: b"]
