"""A sample flow, for a first try: it greets whoever its parameter names."""

from prefect.core.flow import Flow
from prefect.core.function import task
from prefect.core.parameter import Parameter


@task
def capitalize(name: str) -> str:
    """Give the name with a capital letter."""
    return name.capitalize()


@task(log_stdout=True)
def say_hello(name: str) -> None:
    """Greet somebody in the log."""
    print(f"Hello {name}")


with Flow("hello-world") as hello_flow:
    say_hello(capitalize(Parameter("name", default="world")))
