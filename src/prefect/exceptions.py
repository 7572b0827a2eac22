"""Every exception of this package that a user may catch.

::

    Exception
    └── PrefectException            anything that this package reports
        ├── ClientError             the API could not be asked, or refused
        │   ├── InvalidAddressError the configured address of the API is none; also a ValueError
        │   ├── EmbeddedUnusable    the API inside this process cannot be used; also a ValueError
        │   ├── AuthorizationError  no key, a wrong key, or a key without the right
        │   ├── ObjectNotFoundError the object asked for does not exist
        │   └── ServerUnreachable   nothing answers at the API's address; also a ConnectionError
        ├── ConfigurationError      a file of settings cannot be read, or a setting not be used; also a ValueError
        └── FlowStorageError        a flow cannot be read from where it is stored
    BaseException
    └── PrefectSignal               steers a run; ``except Exception`` in a task does not stop it
        ├── VersionLockMismatchSignal  another process has changed the run meanwhile
        └── TaskTimeoutSignal          a task took longer than its timeout

Signals that carry a state (``FAIL``, ``SKIP``, ...) are in ``prefect.engine.signals``.
"""

from __future__ import annotations


class PrefectException(Exception):
    """The root of the errors of this package.

    Attributes:
        code: what programs tell the error by; ``prefect explain`` shows its page.
        hint: what to do about it; empty means the one on the code's page.
    """

    code: str = "COMMAND_FAILED"
    hint: str = ""

    def __init__(self, message: str = "") -> None:
        super().__init__(message)


class ClientError(PrefectException):
    """The API could not be asked, or answered with an error.

    Attributes:
        messages: what the API said, when the exception's own text says more than that: the document, its variables.
    """

    code = "API_REFUSED"
    messages: tuple[str, ...] = ()


class InvalidAddressError(ClientError, ValueError):
    """The configured address of the API is no http address, nor ``embedded``."""

    code = "INVALID_ADDRESS"


class EmbeddedUnusable(ClientError, ValueError):
    """The API inside this process cannot be used: its database cannot, or it is out of reach for what is asked."""

    code = "EMBEDDED_UNUSABLE"


class AuthorizationError(ClientError):
    """The API refused the key, or wants one."""

    code = "UNAUTHENTICATED"


class ObjectNotFoundError(ClientError):
    """The object that was asked for does not exist."""

    code = "NOT_FOUND"


class ServerUnreachable(ClientError, ConnectionError):
    """Nothing answers at the address of the API.

    Attributes:
        address: the URL that was tried.
        advice: what the user can do about it.
    """

    code = "SERVER_UNREACHABLE"

    def __init__(self, address: str = "", advice: str = "", reason: object = None, code: str = "") -> None:
        self.address = address
        self.code = code or type(self).code
        self.advice = advice or "Is it running? Start one with `prefect server start`."
        self.reason = reason
        because = f" ({reason})" if reason else ""
        super().__init__(f"Could not reach the Prefect API at {address}{because}. {self.advice}")

    @property
    def trouble(self) -> str:
        """The message without the advice."""
        return str(self).removesuffix(self.advice).rstrip()

    def __reduce__(self) -> tuple[type[ServerUnreachable], tuple[str, str, str | None, str]]:
        # The text of the message is made from these; the reason may be an exception that cannot be pickled.
        return type(self), (self.address, self.advice, None if self.reason is None else str(self.reason), self.code)


class ConfigurationError(PrefectException, ValueError):
    """A file of settings cannot be read, or a setting has a value that it cannot have."""

    code = "CONFIG_INVALID"


class FlowStorageError(PrefectException):
    """A flow cannot be read from where it is stored."""


class PrefectSignal(BaseException):
    """The root of the signals that steer a run; not an ``Exception``, so that user code does not catch it by chance."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message)


class VersionLockMismatchSignal(PrefectSignal):
    """A state was refused because another process has changed the run since it was read."""


class TaskTimeoutSignal(PrefectSignal):
    """A task took longer than its timeout."""
