"""Objects by their dotted names."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from prefect.utilities.installing import install_command


def import_object(name: str) -> Any:
    """Import a module, or an attribute of a module: ``a.b`` is the module ``a.b``, else the attribute ``b`` of ``a``.

    Raises:
        ModuleNotFoundError: there is no such module.
        AttributeError: the module has no such attribute.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        module_name, _, attribute = name.rpartition(".")
        # A module that is there but lacks one of its own imports must tell so.
        if not module_name or error.name is None or not (name == error.name or name.startswith(f"{error.name}.")):
            raise
    return getattr(import_module(module_name), attribute)


#: Module -> the extra of this package that installs it; a module below one that stands here is installed by the same.
EXTRAS = {
    "azure": "azure",
    "boto3": "aws",
    "botocore": "aws",
    "confluent_kafka": "kafka",
    "dask": "dask",
    "dbt": "dbt",
    "distributed": "dask",
    "docker": "docker",
    "dulwich": "git",
    "duckdb": "duckdb",
    "feedparser": "rss",
    "firebolt": "firebolt",
    "google.api_core": "gcp",
    "google.cloud": "gcp",
    "google.oauth2": "gcp",
    "graphviz": "viz",
    "great_expectations": "ge",
    "gspread": "gsheets",
    "hvac": "vault",
    "jinja2": "templates",
    "kubernetes": "kubernetes",
    "nbconvert": "jupyter",
    "neo4j": "neo4j",
    "papermill": "jupyter",
    "paramiko": "sftp",
    "prometheus_client": "prometheus",
    "psycopg": "postgres",
    "psycopg_pool": "postgres",
    "pyarrow": "dremio",
    "pyexasol": "exasol",
    "pymysql": "mysql",
    "pyodbc": "sql_server",
    "redis": "redis",
    "snowflake": "snowflake",
    "spacy": "spacy",
    "toloka": "toloka",
    "tweepy": "twitter",
}


#: Module whose package cannot be had any more with the Pythons of today -> what to do instead.
GONE = {
    "azureml": "azureml-core ends at Python 3.10: use azure-ai-ml, which takes its place, in a task of your own",
    "sodaspark": "soda-spark was given up: use soda-core-spark-df in a task of your own",
    "sodasql": "soda-sql was given up: run `soda scan` of soda-core with ShellTask",
    "transform": "Transform is part of dbt now: use its semantic layer, with DbtShellTask",
}


class MissingPackage(ImportError):
    """A package that only some users need is not installed, or cannot be loaded; says what to do."""

    code = "MISSING_PACKAGE"


def needed_install(module: str) -> str:
    """Name what brings a module that only some users need: an extra of this package, or a package."""
    name = module
    while name:
        if name in EXTRAS:
            return f"'proctor[{EXTRAS[name]}]'"
        name = name.rpartition(".")[0]
    return module.partition(".")[0]


def import_needed(name: str, *, install: str | None = None, by: str) -> Any:
    """Import a package that only some users need.

    Args:
        install: what pip installs for it; else the extra that brings it.
        by: who needs it, for the message.

    Raises:
        MissingPackage: it is not installed; says how to install it. Or it cannot be loaded; says why.
    """
    try:
        return import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        if not isinstance(error, ModuleNotFoundError) or not _is_above(error.name, name):
            # It is there, and lacks something itself: a library of the system, another version of a package.
            raise MissingPackage(f"{by} cannot load the package `{package}`: {error}", name=name) from error
        advice = GONE.get(package) or install_command(install or needed_install(name))
        raise MissingPackage(f"{by} needs the package `{package}`: {advice}", name=name) from error


def _is_above(missing: str | None, name: str) -> bool:
    """Whether what is missing is the module itself, or a package that it lies in."""
    return missing is not None and (missing == name or name.startswith(f"{missing}."))
