"""What becomes of a state that the API cannot keep."""

from __future__ import annotations

from prefect.contract import errors
from prefect.exceptions import ClientError
from prefect.model.state import Failed, State

_SHOWN = 300


def in_place_of(state: State, error: Exception) -> Failed | None:
    """Give the state that says that this one could not be kept; None when the error is about something else.

    The run fails, and may be tried again: were it left as it is, it would stay at work until it is found dead.
    """
    told = str(error)
    if isinstance(error, ClientError):
        if errors.STATE_TOO_LARGE not in told and not told.startswith(errors.BODY_TOO_LARGE):
            return None
        reason = "its result is too large to be kept with it; let the result lie elsewhere (LocalResult, S3Result, ...)"
    elif isinstance(error, (TypeError, ValueError, RecursionError)):
        reason = told[:_SHOWN]
    else:
        return None
    return Failed(f"The state {type(state).__name__} could not be kept: {reason}")
