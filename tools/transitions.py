"""Write the tables of `docs/concepts/transitions.md` from the rules themselves.

.venv/bin/python tools/transitions.py          write the page
.venv/bin/python tools/transitions.py --check  exit 1 when the page is not what the rules say
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefect.model.state_facts import STATE_CLASSES
from prefect.server.rules import flow_run, task_run
from prefect.server.rules.proposal import read_proposal
from prefect.server.rules.task_run import TaskTransition
from prefect.server.rules.transition import Accept, Transition

PAGE = Path(__file__).parents[1] / "docs" / "concepts" / "transitions.md"
NOW = datetime(2030, 1, 1, tzinfo=UTC)
NAMES = [name for name in STATE_CLASSES if name != "State"]

BEGINNING = """# Which state may follow which

<!-- Made by tools/transitions.py from prefect.server.rules; do not edit. -->

The backend asks the rules below, in their order, for every state that is proposed; the first that objects decides. A
state that no rule objects to is accepted: a person may set a finished run back, a process may tell whatever happened.

In the tables a row is the state that a run has, a column the one that is proposed, by somebody who knows the run's
present version and whom nothing else stands against. `yes`: accepted; `no`: refused; `wait`: accepted as Queued when a
limit has no place left, otherwise as it is. Proposed states that are accepted after every state have no column.
"""


def verdict(decide: Callable[[Any], Any], step: Callable[..., Any], current: str, proposed: str) -> str:
    """Say what becomes of one proposal, with a full limit and without."""
    free, full = (decide(step(current, read_proposal({"type": proposed}, NOW), words)) for words in (None, "full"))
    if not isinstance(free, Accept):
        return "no"
    return "wait" if isinstance(full, Accept) and full.status == "QUEUED" else "yes"


def table(decide: Callable[[Any], Any], step: Callable[..., Any]) -> str:
    cells = {(now, new): verdict(decide, step, now, new) for now in NAMES for new in NAMES}
    columns = [new for new in NAMES if any(cells[now, new] != "yes" for now in NAMES)]
    if not columns:
        return "Every state may follow every other.\n"
    lines = [f"| from \\ to | {' | '.join(columns)} |", f"|---|{'---|' * len(columns)}"]
    lines += [f"| {now} | {' | '.join(cells[now, new] for new in columns)} |" for now in NAMES]
    return "\n".join(lines) + "\n"


def rules(found: Sequence[Callable[..., Any]]) -> str:
    told = [(rule.__name__, (inspect.getdoc(rule) or "").split("\n\n")[0].replace("\n", " ")) for rule in found]
    return "".join(f"{number}. `{name}`: {law}\n" for number, (name, law) in enumerate(told, 1))


def flow_step(current: str, proposed: Any, full: str | None) -> Transition:
    return Transition("run", current, 1, proposed, 1, now=NOW, full=full)


def task_step(parent: str) -> Callable[..., TaskTransition]:
    return lambda current, proposed, full: TaskTransition(
        "run", current, 1, proposed, 1, "parent", parent, now=NOW, full=full
    )


def page() -> str:
    return "\n".join(
        [
            BEGINNING,
            "## Flow runs\n",
            rules(flow_run.RULES),
            table(flow_run.decide, flow_step),
            "## Task runs of a flow run that is Running\n",
            rules(task_run.RULES),
            table(task_run.decide, task_step("Running")),
            "## Task runs of a flow run that is not Running\n",
            table(task_run.decide, task_step("Scheduled")),
        ]
    )


def main() -> int:
    text = page()
    if PAGE.exists() and PAGE.read_text() == text:
        return 0
    if "--check" in sys.argv:
        print(f"{PAGE.name} is not what the rules say; run tools/transitions.py", file=sys.stderr)
        return 1
    PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
