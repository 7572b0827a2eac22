"""Talking to the API: the client, its transport, and secrets."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {"Client": "prefect.client.client", "Secret": "prefect.client.secrets"},
    rooms=("client", "secrets"),
)
