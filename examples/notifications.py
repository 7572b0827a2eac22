"""State handlers: functions that are told of every change of state, and may decide on another."""

from __future__ import annotations

from prefect import Flow, Task, task
from prefect.engine.state import Failed, Retrying, State, Success
from prefect.utilities.notifications import callback_factory

sent: list[str] = []


def tell_the_team(obj: Flow | Task, state: State) -> None:
    # For Slack there is prefect.utilities.notifications.slack_notifier, used in the same way.
    sent.append(f"{obj.name}: {type(state).__name__}: {state.message}")


# A state handler of the finished kind: called when the check says so.
on_trouble = callback_factory(tell_the_team, check=lambda state: state.is_failed() or isinstance(state, Retrying))


def be_lenient(task: Task, old: State, new: State) -> State | None:
    """Take a certain failure for a success."""
    if isinstance(new, Failed) and isinstance(new.result, FileNotFoundError):
        return Success("Nothing to do: there is no file.", result=[])
    return None  # the state stays as it is


@task(state_handlers=[be_lenient])
def read(path: str) -> list[str]:
    return open(path).readlines()


@task(state_handlers=[on_trouble])
def divide(lines: list[str]) -> float:
    return 1 / len(lines)


with Flow("notifications", state_handlers=[on_trouble]) as flow:
    lines = read("no such file")
    divide(lines)

if __name__ == "__main__":
    state = flow.run()
    print(f"{state.result[lines]}")
    print("\n".join(sent))
