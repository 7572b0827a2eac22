"""Write `docs/reference/` from the code: commands, settings of the server, the GraphQL schema.

.venv/bin/python tools/reference.py          write the pages
.venv/bin/python tools/reference.py --check  exit 1 when a page is not what the code says
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
MADE = "<!-- Made by tools/reference.py from the code; do not edit. -->\n\n"


def commands(
    group: click.Command, path: str, context: click.Context | None = None
) -> Iterator[tuple[str, click.Command]]:
    """Every command under ``group``, depth first, with the words that call it."""
    inner = click.Context(group, info_name=path, parent=context)
    yield path, group
    if isinstance(group, click.Group):
        for name in sorted(group.list_commands(inner)):
            command = group.get_command(inner, name)
            if command is not None:
                yield from commands(command, f"{path} {name}", inner)


def page_of_commands() -> str:
    from prefect.cli import cli

    text = "# Commands\n\n" + MADE + "`-h` and `--help` work everywhere.\n"
    for path, command in commands(cli, "prefect"):
        options = [p for p in command.params if isinstance(p, click.Option) and p.name != "help" and not p.hidden]
        about = (command.help or command.short_help or "").split("\b")[0].strip().split("\n\n")[0]
        arguments = " ".join(p.human_readable_name for p in command.params if isinstance(p, click.Argument))
        text += f"\n## {path} {arguments}".rstrip() + f"\n\n{' '.join(about.split())}\n"
        if options:
            text += "\n| option | |\n|---|---|\n"
            for option in options:
                names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
                about = " ".join((option.help or "").replace("|", "/").split())
                text += f"| {names} | {about}{' (may repeat)' if option.multiple else ''} |\n"
    return text


def page_of_settings() -> str:
    from dataclasses import fields

    from prefect.server.settings import ENVIRONMENT_PREFIX, Settings

    text = "# Settings of the server\n\n" + MADE
    text += (
        "A flag of `prefect server start` wins over the environment, the environment over `server.toml` "
        "in the home folder,\n"
        "the file over the default. A value out of its bounds stops the start with a sentence that names it.\n\n"
        "| `server.toml` | environment | default | |\n|---|---|---|---|\n"
    )
    for setting in fields(Settings):
        if "key" in setting.metadata:
            key = setting.metadata["key"]
            name = ENVIRONMENT_PREFIX + key.upper().replace(".", "__")
            default: Any = setting.default if setting.default != "" else " "
            text += f"| `{key}` | `{name}` | `{default}` | {setting.metadata['about']} |\n"
    return text


def schema() -> str:
    from graphql import print_schema

    from prefect.server.graphql.mutations import MUTATIONS
    from prefect.server.graphql.queries import QUERIES
    from prefect.server.graphql.schema import build

    text = print_schema(build([*QUERIES, *MUTATIONS]).types)
    return f"# Made by tools/reference.py from the code; do not edit.\n\n{text}\n"


def page_of_limits() -> str:
    from prefect.contract.limits import TABLE

    text = "# Limits\n\n" + MADE
    text += (
        "The same on each way in: command line, client, tasks, GraphQL, schedules, automations, and the client of "
        "1.4.1.\nValues that come from data meet no lower limit than in 1.x. An empty text for an optional input means "
        "that it was\nnot given. Limits that a setting moves name it.\n\n"
        "| what | at most | more than that |\n|---|---|---|\n"
    )
    return text + "".join(f"| {limit.what} | {limit.most} | {limit.beyond} |\n" for limit in TABLE)


def page_of_codes() -> str:
    from prefect import codes

    text = "# Codes of refusals\n\n" + MADE
    text += (
        "Every refusal of the server, the client and the command line has one of these codes, and tells what to do "
        "first.\nThe server's stand in `extensions.code` and `extensions.hint` of an answer's errors, those of the "
        "command line in its\nlast lines on stderr, those of the client in `error.code` of an exception. "
        "`prefect explain CODE` shows a page.\n\n| code | means |\n|---|---|\n"
    )
    for name in codes.names():
        text += f"| [`{name}`](../../src/prefect/codes/{name}.md) | {codes.meaning(name).replace('|', '/')} |\n"
    return text


def page_of_tasks() -> str:
    sys.path.insert(0, str(Path(__file__).parent))
    from task_pages import page_of_tasks

    return page_of_tasks()


def page_of_output() -> str:
    from prefect.cli.output import FORMATS
    from prefect.cli.tables import TABLES

    text = "# What programs get\n\n" + MADE
    forms = "|".join(FORMATS)
    text += (
        f"Whatever lists or shows something takes `-o {forms}`. All forms but `table` have the keys below,\n"
        "which stay: keys may be added, and none is renamed or left out. Times are ISO 8601 in UTC, what is\n"
        "not there is null (in CSV: empty), lists and objects are JSON in a cell of CSV. `json` and `yaml`\n"
        "are one list, `jsonl` is an object a line, `csv` has a line of keys first. `--columns a,b` chooses\n"
        "keys, and their order, in every form. A table has the columns with a heading; on a terminal that is\n"
        "too narrow it has shorter ids (which commands take too) and shorter texts, in a pipe or a file\n"
        "never.\n"
        "\n`describe`, `why`, `kv get` and `auth status` show one object: the same in each form, as `-o json` has it.\n"
    )
    for table in TABLES:
        text += f"\n## prefect {table.command}\n\n| key | | heading in a table |\n|---|---|---|\n"
        for column in table.columns:
            heading = f"`{column.heading}`" if column.heading else "" if column.heading is None else "a star"
            text += f"| `{column.name}` | {column.about} | {heading} |\n"
    return text


PAGES = {
    "output.md": page_of_output,
    "tasks.md": page_of_tasks,
    "limits.md": page_of_limits,
    "codes.md": page_of_codes,
    "commands.md": page_of_commands,
    "server-settings.md": page_of_settings,
    "schema.graphql": schema,
}


def main() -> int:
    stale = []
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, make in PAGES.items():
        path, text = FOLDER / name, make()
        if not path.exists() or path.read_text() != text:
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(text)
    if stale and "--check" in sys.argv:
        print("Not what the code says: " + ", ".join(stale) + "; run tools/reference.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
