"""Every task that takes a credential from a secret or a variable says which one is missing, and what it was for."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest

from prefect import context
from prefect.tasks.notifications import EmailTask, PushbulletTask, SlackTask
from prefect.tasks.secrets import EnvVarSecret, PrefectSecret
from support.stand_ins import stand_in
from unit.tasks.test_library_as_a_whole import declared
from unit.tasks.test_web_tasks_in_bad_weather import VALUES, _must

# An argument that names where a credential lies. Of these two the value is the credential itself.
NAMES = re.compile(r"(_secret|_env_var|_env_var_name)$")
THEMSELVES = ("api_secret", "databricks_conn_secret")
LINK = "dbs/d/colls/c"
GIVEN: dict[str, Any] = {
    **VALUES, "database_or_container_link": LINK, "document_or_container_link": LINK,
    "body": {"metadata": {"name": "n"}}, "exec_command": ["date"],
}  # fmt: skip
MISSING = "NO_SUCH_NAME"


def arguments(task: Any) -> dict[str, inspect.Parameter]:
    return {**inspect.signature(task.__init__).parameters, **inspect.signature(task.run).parameters}


def tasks_with_names() -> list[Any]:
    return [
        pytest.param(task, name, id=f"{task.__name__}-{name}")
        for task in declared()
        if not task.__subclasses__() and not task.__name__.startswith("_")
        for name in arguments(task)
        if NAMES.search(name) and name not in THEMSELVES
    ]


@pytest.mark.parametrize(("task", "named_by"), tasks_with_names())
def test_a_credential_that_is_missing_is_named(task: Any, named_by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in task.packages:
        further = {"azure.mgmt.datafactory": ["azure.mgmt.datafactory.models"], "kubernetes": ["kubernetes.client"]}
        stand_in(monkeypatch, *further.get(package, ()), package)
    known = arguments(task)
    made = task(**{n: GIVEN.get(n, n) for n, p in inspect.signature(task.__init__).parameters.items() if _must(n, p)})
    # What the task needs, and each other credential, so that it comes to ask for this one.
    needed = {n for n, p in known.items() if n in task.needs or n in ("subdomain",) or _must(n, p)}
    needed |= {n for n in known if {f"{n}_env_var", f"{n}_env_var_name"} & known.keys()}
    run = inspect.signature(task.run).parameters
    given = {n: GIVEN.get(n, 7 if n.endswith(("_id", "port", "number")) else n) for n in needed & run.keys()}
    given.pop(NAMES.sub("", named_by), None)
    if "exec_command" in run:
        given["exec_command"] = GIVEN["exec_command"]
    if named_by in run:
        given[named_by] = MISSING
    else:
        setattr(made, named_by, MISSING)
    for name in needed - run.keys() - {NAMES.sub("", named_by), "self", "kwargs"}:
        setattr(made, name, GIVEN.get(name, name))

    with context(secrets={"OTHER": "s3cr3t"}), pytest.raises((ValueError, KeyError)) as caught:
        made.run(**given)
    assert MISSING in str(caught.value), caught.value
    assert task.__name__ in str(caught.value), caught.value


@pytest.mark.parametrize(
    ("task", "named"),
    [
        (EmailTask("s", "m", "a@b.example"), r"EMAIL_USERNAME.*of EmailTask"),
        (PushbulletTask("m"), r"PUSHBULLET_TOKEN.*`access_token` of PushbulletTask"),
        (SlackTask("m"), r"SLACK_WEBHOOK_URL.*`webhook_secret` of SlackTask"),
        (SlackTask("m", "OWN"), r"OWN.*`webhook_secret` of SlackTask"),
        (PrefectSecret("OWN"), "OWN"),
        (EnvVarSecret(MISSING, raise_if_missing=True), MISSING),
    ],
    ids=["email", "pushbullet", "slack", "slack-own", "secret", "variable"],
)
def test_a_secret_of_other_tasks_that_is_missing_is_named(task: Any, named: str) -> None:
    with pytest.raises((ValueError, KeyError), match=named):
        task.run()
