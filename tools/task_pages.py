"""The page `docs/reference/tasks.md`: each task of the library with its extra, how it is tested, and an example."""

from __future__ import annotations

import inspect
import json
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

LEVELS = {
    "itself": "against the system itself",
    "emulator": "against an emulator of the system (moto, fake-gcs-server, Azurite, the broker in librdkafka)",
    "models": "requests and answers checked by the vendor's own models",
    "package": "with the vendor's package, against a fake of the service",
    "fake": "against a fake that speaks the service's published protocol",
    "stand-in": "with a stand-in for the vendor's package: what the task asks of it",
}
#: Collection, or task -> how it is tested.
LEVEL_OF = {
    "airbyte": "fake",
    "airtable": "fake",
    "asana": "fake",
    "aws": "models",
    "aws.S3Download": "emulator",
    "aws.S3List": "emulator",
    "aws.S3Upload": "emulator",
    "aws.AWSParametersManager": "emulator",
    "aws.AWSSecretsManager": "emulator",
    "azure": "stand-in",
    "azure.BlobStorageDownload": "emulator",
    "azure.BlobStorageUpload": "emulator",
    "azureml": "stand-in",
    "census": "fake",
    "cubejs": "fake",
    "control_flow": "itself",
    "core": "itself",
    "database": "itself",
    "databricks": "fake",
    "dbt": "fake",
    "dbt.DbtShellTask": "itself",
    "docker": "itself",
    "dremio": "stand-in",
    "dropbox": "fake",
    "duckdb": "itself",
    "exasol": "stand-in",
    "files": "itself",
    "firebolt": "stand-in",
    "fivetran": "fake",
    "gcp": "stand-in",
    "gcp.GCSBlobExists": "emulator",
    "gcp.GCSCopy": "emulator",
    "gcp.GCSDownload": "emulator",
    "gcp.GCSUpload": "emulator",
    "github": "fake",
    "great_expectations": "stand-in",
    "gsheets": "stand-in",
    "hightouch": "fake",
    "http": "fake",
    "jira": "fake",
    "jupyter": "itself",
    "kafka": "emulator",
    "kubernetes": "package",
    "mixpanel": "fake",
    "monday": "fake",
    "monte_carlo": "fake",
    "mysql": "itself",
    "neo4j": "stand-in",
    "notifications": "fake",
    "notifications.EmailTask": "itself",
    "postgres": "itself",
    "powershell": "stand-in",
    "prefect": "itself",
    "prometheus": "itself",
    "redis": "itself",
    "rss": "package",
    "secrets": "itself",
    "sendgrid": "fake",
    "sftp": "itself",
    "shell": "itself",
    "snowflake": "stand-in",
    "sodaspark": "stand-in",
    "sodasql": "stand-in",
    "spacy": "stand-in",
    "sql": "itself",
    "sql_server": "stand-in",
    "ssh": "itself",
    "templates": "itself",
    "toloka": "stand-in",
    "transform": "stand-in",
    "trello": "fake",
    "twitter": "stand-in",
    "zendesk": "fake",
}
#: Argument -> what it is in an example, as Python writes it; else its name as a text.
SAMPLES: dict[str, Any] = {
    "activities": ["an activity"],
    "api_trigger": "https://bearer:secret-token:...@app.getcensus.com/api/v1/syncs/11/trigger",
    "body": {"metadata": {"name": "nightly"}},
    "bucket": "reports",
    "channels": 1,
    "command": "echo done",
    "connection_id": "12345678-1234-1234-1234-123456789012",
    "credentials": {"api_key": "..."},
    "data": [[1, "one"]],
    "databricks_conn_secret": {"host": "https://example.cloud.databricks.com", "token": "..."},
    "destination": {"node_name": "t", "object_id": "t", "object_type": "table", "resource_name": "r"},
    "exec_command": ["date"],
    "issue_number": 7,
    "item": {"id": "1"},
    "key": "2026/01.csv",
    "labels": [{"table": "orders"}],
    "messages": [{"key": "a", "value": "1"}],
    "nlp": "a pipeline",
    "path": "a/file",
    "port_number": 22,
    "query": "SELECT 1",
    "records": [{"a": 1}],
    "repo": "owner/name",
    "row": 1,
    "rows": [{"a": 1}],
    "source": {"node_name": "s", "object_id": "s", "object_type": "table", "resource_name": "r"},
    "topics": ["orders"],
    "values": [12.0],
}


#: Task -> its call, where what it needs does not say enough.
EXAMPLES = {
    "Copy": 'Copy(target_path="backup")(source_path="report.csv")',
    "CubeJSQueryTask": 'CubeJSQueryTask(subdomain="name")(query={"measures": ["Orders.count"]})',
    "CubePreAggregationsBuildTask": 'CubePreAggregationsBuildTask(subdomain="name")(selector={"contexts": [{}]})',
    "DbtShellTask": 'DbtShellTask(profiles_dir="profiles")(command="dbt run")',
    "EmailTask": 'EmailTask(email_to="a@example.com", subject="done")(msg="<b>done</b>")',
    "EnvVarSecret": 'EnvVarSecret("TOKEN")()',
    "Glob": 'Glob(pattern="*.csv")(path="inbox")',
    "HightouchRunSync": 'HightouchRunSync(api_key_env_var="HIGHTOUCH_KEY")(sync_id=7, wait_for_completion=True)',
    "JinjaTemplate": 'JinjaTemplate(template="Hello, {{ name }}!")(name="you")',
    "MixpanelExportTask": 'MixpanelExportTask(api_secret_env_var="MIXPANEL")(from_date="2026-01-01")',
    "Neo4jRunCypherQueryTask": (
        'Neo4jRunCypherQueryTask("bolt://db", "me", password_env_var="NEO")(cypher_query="MATCH (n) RETURN n")'
    ),
    "ShellTask": 'ShellTask(return_all=True)(command="ls")',
    "TransformCreateMaterialization": (
        'TransformCreateMaterialization(api_key_env_var="KEY")(mql_server_url="url", materialization_name="m")'
    ),
    "ZendeskTicketsIncrementalExportTask": (
        'ZendeskTicketsIncrementalExportTask("name", "a@b.example", api_token_env_var="KEY")(start_time=1767225600)'
    ),
    "Move": 'Move(target_path="done")(source_path="inbox/report.csv")',
    "PowershellTask": 'PowershellTask()(command="Get-Date")',
    "PrefectSecret": 'PrefectSecret("TOKEN")()',
    "PushbulletTask": 'PushbulletTask()(msg="done")',
    "Remove": 'Remove()(path="report.csv")',
    "RunGreatExpectationsValidation": 'RunGreatExpectationsValidation()(checkpoint_name="nightly")',
    "SlackTask": 'SlackTask()(message="done")',
    "SQLiteQuery": 'SQLiteQuery(db="a.db")(query="SELECT * FROM t WHERE a = ?", data=(1,))',
    "SQLiteScript": 'SQLiteScript(db="a.db")(script="CREATE TABLE t (a)")',
    "StringFormatter": 'StringFormatter(template="Hello, {name}!")(name="you")',
    "Unzip": 'Unzip(extract_dir="out")(zip_path="a.zip")',
    "Zip": 'Zip(zip_path="a.zip")(source_path="report.csv")',
}


def collections() -> list[str]:
    import prefect.tasks

    return sorted(
        module.name
        for module in iter_modules(prefect.tasks.__path__)
        if module.name not in ("authoring", "core", "control_flow")
    )


def tasks_of(collection: str) -> list[tuple[str, Any]]:
    """Give the public tasks of a collection by their names."""
    from prefect import Task

    module = import_module(f"prefect.tasks.{collection}")
    names = [name for name in dir(module) if not name.startswith("_")]
    found = [(name, getattr(module, name)) for name in names]
    public = []
    for name, task in found:
        is_class = inspect.isclass(task) and issubclass(task, Task) and task is not Task
        if name == "SecretBase":  # the root of those that can be used
            continue
        if (is_class and task.__module__.startswith(f"prefect.tasks.{collection}")) or isinstance(task, Task):
            public.append((name, task))
    return public


def installs(task: Any) -> str:
    """Give what has to be installed for a task."""
    from prefect.utilities.importtools import GONE, needed_install

    packages = getattr(task, "packages", ())
    if not packages:
        return ""
    if packages[0].partition(".")[0] in GONE:
        return GONE[packages[0].partition(".")[0]]
    return ", ".join(dict.fromkeys(f"`{needed_install(name).strip(chr(39))}`" for name in packages))


def about(task: Any) -> str:
    text = inspect.cleandoc((task if inspect.isclass(task) else task.run).__doc__ or "")
    first = " ".join(text.split("\n\n")[0].split())
    return first.replace("|", "\\|").replace("``", "`")


def example(name: str, task: Any) -> str:
    """Give a call of the task as it stands inside a flow: with what it needs, and no more."""
    if name in EXAMPLES:
        return EXAMPLES[name]
    if not inspect.isclass(task):
        return f"{name}({_arguments(task.run, ())})"
    constructor = inspect.signature(task.__init__).parameters
    needs = tuple(getattr(task, "needs", ()))
    early = [n for n, p in constructor.items() if n not in ("self", "kwargs") and (p.default is p.empty or n in needs)]
    run = inspect.signature(task.run).parameters
    late = [
        n
        for n, p in run.items()
        if n not in (*early, "self", "kwargs") and p.kind is not p.VAR_KEYWORD and (p.default is p.empty or n in needs)
    ]
    early = [n for n in early if n != "password"]
    call = f"{name}({_given(early)})({_given(late)})"
    if len(call) <= 110:
        return call
    indent = "\n        "
    return f"{name}({indent}{_given(early, ',' + indent)},\n    )({_given(late)})"


def _arguments(function: Any, needs: tuple[str, ...]) -> str:
    parameters = inspect.signature(function).parameters
    return _given([n for n, p in parameters.items() if p.default is p.empty and p.kind is not p.VAR_KEYWORD])


def _given(names: list[str], between: str = ", ") -> str:
    return between.join(f"{name}={_sample(name)}" for name in names)


def _sample(name: str) -> str:
    return json.dumps(SAMPLES.get(name, name))


def page_of_tasks() -> str:
    text = "# Tasks of the library\n\n<!-- Made by tools/reference.py from the code; do not edit. -->\n\n"
    text += (
        "Every task takes its arguments when it is made or when it is called in a flow; what is given when it is "
        "called wins.\nThe arguments of each are in its docstring (`help(S3Download)`). A package that is missing is "
        "told, with what installs\nit, when a task works: flows can be built without it.\n\n| tested | |\n|---|---|\n"
    )
    text += "".join(f"| {level} | {meaning} |\n" for level, meaning in LEVELS.items())
    for collection in collections():
        found = tasks_of(collection)
        if not found:
            continue
        module = import_module(f"prefect.tasks.{collection}")
        where = f"prefect.tasks.{collection}"
        title = (module.__doc__ or "").strip().splitlines()[0].rstrip(".")
        text += f"\n## {collection}\n\n{title}.\n\n| `{where}` | | needs | tested |\n|---|---|---|---|\n"
        for name, task in found:
            level = LEVEL_OF.get(f"{collection}.{name}", LEVEL_OF[collection])
            text += f"| `{name}` | {about(task)} | {installs(task)} | {level} |\n"
        if collection == "prefect":  # these have a guide of their own
            continue
        names = ", ".join(name for name, _ in found)
        imports = f"from {where} import {names}"
        if len(imports) > 110:
            imports = f"from {where} import (\n" + "".join(f"    {name},\n" for name, _ in found) + ")"
        lines = "\n".join(f"    {example(name, task)}" for name, task in found)
        text += f'\n```python\nfrom prefect import Flow\n{imports}\n\nwith Flow("{collection}"):\n{lines}\n```\n'
    return text
