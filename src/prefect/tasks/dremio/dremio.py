"""Queries of Dremio, over Arrow Flight."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any, ClassVar

from prefect.tasks.authoring.declared import DeclaredTask


class DremioFetch(
    DeclaredTask,
    init="username password hostname flightport tls certs query",
    run="username= password= hostname= flightport= tls= certs= query=",
):
    """Runs a query and gives its rows as a frame of pandas.

    Args:
        tls: encrypt the connection.
        certs: path of a file with the certificates that are trusted; only with ``tls``.
    """

    packages: ClassVar[tuple[str, ...]] = ("pyarrow.flight",)
    needs: ClassVar[dict[str, str]] = {
        "hostname": "A hostname must be provided",
        "username": "A username must be provided",
        "password": "A password must be provided",
        "query": "A query string must be provided",
    }
    username: str | None = None
    password: str | None = None
    hostname: str | None = None
    flightport: int = 32010
    tls: bool = False
    certs: str | None = None
    query: str | None = None

    def work(self) -> Any:
        """Run the query."""
        flight = self.module("pyarrow.flight")
        how: dict[str, Any] = {}
        if self.tls and self.certs:
            how["tls_root_certs"] = Path(self.certs).read_bytes()
        scheme = "grpc+tls" if self.tls else "grpc+tcp"
        client = flight.FlightClient(f"{scheme}://{self.hostname}:{self.flightport}", **how)
        basic = base64.b64encode(f"{self.username}:{self.password}".encode())
        bearer = (
            client.authenticate_basic_token(self.username, self.password)
            if hasattr(client, "authenticate_basic_token")
            else (b"authorization", b"Basic " + basic)
        )
        options = flight.FlightCallOptions(headers=[bearer])
        info = client.get_flight_info(flight.FlightDescriptor.for_command(self.query), options)
        return client.do_get(info.endpoints[0].ticket, options).read_pandas()
