"""A sample flow, for a first try: it greets whoever its parameter names."""

from prefect.core.flow import Flow
from prefect.core.function import task
from prefect.core.parameter import Parameter


@task
def capitalize(word: str) -> str:
    """Give the word with a capital letter."""
    return word.capitalize()


@task(log_stdout=True)
def say_hello(to: str) -> None:
    """Greet somebody in the log."""
    print(f"Hello {to}")


with Flow("hello-world") as hello_flow:
    name = Parameter("name", default="world")
    say_hello(capitalize(name))
