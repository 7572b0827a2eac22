"""``prefect open``: a page of the web UI, in the browser."""

from __future__ import annotations

import click

from prefect.cli.failures import TerminalError
from prefect.cli.group import CONTEXT_SETTINGS


@click.command("open", context_settings=CONTEXT_SETTINGS)
@click.argument("what", required=False, metavar="[RUN|FLOW]")
@click.option("--print", "-p", "is_printed", is_flag=True, help="Print the address, and open nothing.")
def open_page(what: str | None, is_printed: bool) -> None:
    """Open the web UI in a browser: at a flow run (id, beginning of an id, name, @last), at a flow (name), or where it
    begins. Prints the address.
    """
    from prefect.client.client import Client

    client = Client()
    address = client.get_cloud_url("", "").rstrip("/") if what is None else _address_of(what)
    click.echo(address)
    if is_printed:
        return
    if not _open(address):
        raise TerminalError("No browser could be started.", hint="Open the address above by hand.")


def _address_of(what: str) -> str:
    from prefect.cli.which_runs import ids_of
    from prefect.client.client import Client
    from prefect.contract import operations

    client = Client()
    refusal: click.ClickException
    try:
        return client.get_cloud_url("flow-run", ids_of([what])[0])
    except click.ClickException as error:
        refusal = error
    # A run goes before a flow of the same name: there is more to see.
    flows = client.ask(operations.FLOW_PAGE, name=what)["flow"]
    if len(flows) == 1:
        return client.get_cloud_url("flow", flows[0]["id"])
    if flows:
        projects = ", ".join(str((flow["project"] or {}).get("name")) for flow in flows)
        raise TerminalError(f"There are flows {what!r} in the projects {projects}.", code="NOT_FOUND")
    if what.startswith("@"):
        raise refusal
    raise TerminalError(f"There is no flow run and no flow {what[:80]!r}.", code="NOT_FOUND")


def _open(address: str) -> bool:
    """Start the browser that BROWSER names, or that the system has; what it prints is nobody's."""
    import webbrowser

    try:
        return webbrowser.open(address)
    except (webbrowser.Error, OSError):
        return False
