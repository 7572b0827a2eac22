"""AWS clients, with credentials from where 1.x looks for them. Needs the package ``boto3``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from prefect._lazy import lazy
from prefect.utilities.context import context
from prefect.utilities.importtools import import_needed
from prefect.utilities.shared_clients import SharedClients

_clients = SharedClients("AWS_")


def get_boto_client(
    resource: str,
    credentials: Mapping[str, str] | None = None,
    region_name: str | None = None,
    profile_name: str | None = None,
    **kwargs: Any,
) -> Any:
    """Give a boto3 client; the same one for equal arguments.

    Args:
        resource: the name of the service, such as ``s3``.
        credentials: ACCESS_KEY, SECRET_ACCESS_KEY and optionally SESSION_TOKEN; else the local secret AWS_CREDENTIALS;
            else boto3 looks for its own.
        **kwargs: handed to boto3.
    """
    boto3 = import_needed("boto3", by=f"The client of {resource}")
    known = credentials or (context.get("secrets") or {}).get("AWS_CREDENTIALS") or {}
    access_key = kwargs.pop("aws_access_key_id", None) or known.get("ACCESS_KEY")
    secret_key = kwargs.pop("aws_secret_access_key", None) or known.get("SECRET_ACCESS_KEY")
    session_token = kwargs.pop("aws_session_token", None) or known.get("SESSION_TOKEN")
    arguments = {
        "region_name": region_name,
        "aws_access_key_id": access_key,
        "aws_secret_access_key": secret_key,
        "aws_session_token": session_token,
        **kwargs,
    }

    put_here = globals().get("boto3")
    if put_here is not None and put_here is not boto3:
        # A test of users: what it makes is neither kept nor shared, and asked as 1.x asked it.
        asked = put_here.session.Session(profile_name=profile_name) if profile_name else put_here
        return asked.client(resource, **arguments)

    def make() -> Any:
        # A session each: the default session of boto3 must not be used from several threads.
        return boto3.session.Session(profile_name=profile_name).client(resource, **arguments)

    return _clients.get((resource, profile_name, repr(sorted(arguments.items()))), make)


if not TYPE_CHECKING:  # a name that is looked for here, because this module of 1.x had it too
    __getattr__, __dir__ = lazy(__name__, {"boto3": "boto3:"})
