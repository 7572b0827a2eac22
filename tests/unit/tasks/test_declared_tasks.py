"""Tasks that declare their arguments: constructor, ``run``, complaints, and use in flows."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any, ClassVar

import cloudpickle
import pytest

from prefect import Flow, context
from prefect.tasks.authoring import DeclaredTask


class Greet(DeclaredTask, init="greeting name * loud", run="times greeting name"):
    """Greets."""

    greeting: str = "Hello"
    name_of: ClassVar[str] = "no argument"
    name: str | None = None
    loud: bool = False
    times: int
    tags_seen: ClassVar[int] = 0

    needs: ClassVar[dict[str, str]] = {"name": "A name must be provided."}

    def work(self) -> list[str]:
        """Greet."""
        text = f"{self.greeting}, {self.name}"
        return [text.upper() if self.loud else text] * self.times


class Person(DeclaredTask):
    """A task whose arguments are the same for both."""

    first: str
    last: str = "Doe"

    def work(self) -> str:
        return f"{self.first} {self.last}"


class Greeted(Person, run="+"):
    title: str = "Dr."

    def work(self) -> str:
        return f"{self.title} {super().work()}"


def test_arguments_are_those_that_are_declared() -> None:
    assert str(inspect.signature(Person)) == "(first: 'str', last: 'str' = 'Doe', **kwargs)"
    assert str(inspect.signature(Person(first="A").run)) == "(first: 'str', last: 'str' = 'Doe')"
    assert list(inspect.signature(Greeted.__init__).parameters) == ["self", "first", "last", "title", "kwargs"]


def test_what_run_is_not_given_is_what_the_task_was_given() -> None:
    task = Person("Ada", last="L.", max_retries=0, tags=["x"])

    assert (task.run("Eve"), task.run(first="Eve", last="M."), task.first, task.tags) == (
        "Eve L.",
        "Eve M.",
        "Ada",
        {"x"},
    )


def test_none_that_is_given_stays_none() -> None:
    assert Person("Ada").run("Eve", last=None) == "Eve None"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (((), {}), "missing 1 required positional argument: 'first'"),
        ((("a",), {"first": "b"}), "multiple values for argument 'first'"),
        ((("a",), {"middle": "b"}), "unexpected keyword argument 'middle'"),
        ((("a", "b", "c"), {}), "takes from 2 to 3 positional arguments but 4 were given"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_as_by_any_function(arguments: Any, text: str) -> None:
    args, kwargs = arguments
    with pytest.raises(TypeError, match=text):
        Person("Ada").run(*args, **kwargs)


def test_a_task_in_a_flow_gets_values_of_other_tasks_and_can_be_sent_elsewhere() -> None:
    with Flow("declared") as flow:
        first = Person(first="Ada", name="one")(first="Eve")
        second = Person(first="x", name="two")(first=first, last="!")
    flow = cloudpickle.loads(cloudpickle.dumps(flow))

    state = flow.run()

    assert state.is_successful()
    assert sorted(str(s.result) for s in state.result.values()) == ["Eve Doe", "Eve Doe !"]
    assert second.name == "two"


def test_two_calls_beside_each_other_do_not_see_each_other() -> None:
    task = Person(first="Ada")
    task.run("Eve")

    assert "further" not in task.__dict__
    assert task.first == "Ada"


def test_a_needed_argument_is_named_with_its_task() -> None:
    class Needy(DeclaredTask):
        one: str | None = None
        two: int | None = None
        needs: ClassVar[dict[str, str]] = {"one": "Say which.", "two": ""}

    with pytest.raises(ValueError, match=r"^Say which\. \(`one` of Needy\)$"):
        Needy(two=0).run()
    with pytest.raises(ValueError, match=r"^Say which\."):
        Needy(one="", two=0).run()
    with pytest.raises(ValueError, match=r"^The two must be provided\. \(`two` of Needy\)$"):
        Needy(one="x").run()
    assert Needy(one="x", two=0).run() is None


def test_names_that_calling_a_task_takes_cannot_be_declared() -> None:
    with pytest.raises(ValueError, match="cannot have the arguments flow"):

        class Wrong(DeclaredTask):
            flow: str = ""


def test_a_subclass_of_users_with_a_run_of_its_own_keeps_it() -> None:
    class Mine(Person):
        def run(self, first: str) -> str:
            return super().run(first) + "?"

    assert Mine(first="x").run("Ada") == "Ada Doe?"


def test_further_arguments_are_kept_where_the_task_wants_them() -> None:
    class Open(DeclaredTask):
        keeps_further: ClassVar[bool] = True
        one: int = 1

        def work(self) -> Any:
            return self.one, dict(self.further)

    assert Open().run(one=2, more=3) == (2, {"more": 3})
    assert Open().run() == (1, {})


def test_values_come_from_the_argument_else_from_secret_or_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    class Keyed(DeclaredTask):
        key: str | None = None
        key_env_var: str | None = None

        def work(self) -> Any:
            return self.given_or_variable("key", "A key is needed."), self.given_or_secret("key", "KEY")

    monkeypatch.setenv("PROCTOR_TEST_KEY", "from-environment")
    with context(secrets={"KEY": "from-secret"}):
        assert Keyed(key="given").run() == ("given", "given")
        assert Keyed(key_env_var="PROCTOR_TEST_KEY").run() == ("from-environment", "from-secret")
        with pytest.raises(
            ValueError,
            match=r"A key is needed\. The environment variable PROCTOR_TEST_NONE is not set\. \(`key` of Keyed\)",
        ):
            Keyed(key_env_var="PROCTOR_TEST_NONE").run()
    with pytest.raises(ValueError, match=r"\"KEY\" was not found\. \(`key` of Keyed\)"):
        Keyed(key_env_var="PROCTOR_TEST_KEY").run()


def test_a_missing_package_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    class Far(DeclaredTask):
        def work(self) -> Any:
            return self.module("boto3")

    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(
        ImportError, match=r"^The task Far needs the package `boto3`: (uv )?pip install (-e )?'\S+\[aws\]'$"
    ):
        Far().run()


def test_a_package_that_is_there_but_cannot_be_loaded_is_told_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_here.py").write_text("import no_such_thing_at_all")
    (tmp_path / "half_here.py").write_text("from os import no_such_name")
    monkeypatch.syspath_prepend(tmp_path)

    class Far(DeclaredTask):
        package: str = "broken_here"

        def work(self) -> Any:
            return self.module(self.package)

    with pytest.raises(ImportError, match="Far cannot load the package `broken_here`: No module named 'no_such_thing"):
        Far().run()
    with pytest.raises(ImportError, match="Far cannot load the package `half_here`: cannot import name"):
        Far().run("half_here")
