"""What editors, ``help()`` and other tools that look at signatures see of tasks."""

import inspect
import pydoc

from prefect import Parameter, Task, task
from prefect.tasks.core.constants import Constant


class Add(Task):
    def __init__(self, y, **options):
        self.y = y
        super().__init__(**options)

    def run(self, x, z=2) -> int: ...


class Plain(Task):
    def run(self, x): ...


def names(obj):
    return list(inspect.signature(obj).parameters)


def test_a_class_of_tasks_shows_how_one_is_made():
    assert names(Add) == ["y", "options"]
    assert names(Plain) == names(Task)
    assert names(Task)[:3] == ["name", "slug", "tags"]
    assert names(Parameter) == ["name", "default", "required", "tags", "description", "choices"]
    assert names(Constant)[:2] == ["value", "name"]


def test_a_task_shows_how_it_is_called():
    @task
    def add(x, y=1): ...

    assert names(add) == ["x", "y", "mapped", "task_args", "upstream_tasks", "flow"]
    assert names(Plain()) == ["x", "mapped", "task_args", "upstream_tasks", "flow"]


def test_help_can_be_shown_for_a_class_of_tasks():
    assert "max_retries" in pydoc.render_doc(Task)
