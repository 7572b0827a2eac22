"""Helpers that know nothing of flows: context, logging, collections, GraphQL text and the like."""

from __future__ import annotations

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {},
    rooms=(
        "agent",
        "aws",
        "backend",
        "cli",
        "collections",
        "compatibility",
        "configuration",
        "context",
        "datetimes",
        "debug",
        "diagnostics",
        "edges",
        "executors",
        "filesystems",
        "gcp",
        "git",
        "graphql",
        "importtools",
        "kubernetes",
        "logging",
        "notifications",
        "plugins",
        "serialization",
        "slugs",
        "storage",
        "tasks",
    ),
)
