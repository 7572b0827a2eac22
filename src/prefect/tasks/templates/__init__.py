"""Tasks that fill templates."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "StringFormatter": "prefect.tasks.templates.strings",
        "JinjaTemplate": "prefect.tasks.templates.jinja2",
    },
    rooms=("jinja2", "strings"),
)
