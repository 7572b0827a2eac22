"""What the 1.4.1 client, its agents and command line, and the 1.x web pages ask is answered."""

from __future__ import annotations

import pytest
from graphql import build_client_schema, introspection_from_schema, parse, validate

from prefect.server.graphql.mutations import MUTATIONS
from prefect.server.graphql.queries import QUERIES
from prefect.server.graphql.schema import build
from support.documents import ASKED, OPERATIONS_ASKED


@pytest.mark.parametrize(("document", "variables", "expected"), ASKED.values(), ids=ASKED.keys())
def test_each_document_is_answered(ask, document, variables, expected):
    data = ask(document, variables)
    if expected is not None:
        assert data == expected


def test_each_document_fits_the_schema_that_introspection_tells():
    """As code generators and GraphiQL see it."""
    told = build_client_schema(introspection_from_schema(build([*QUERIES, *MUTATIONS]).types))
    for text in (*[document for document, _, _ in ASKED.values()], *OPERATIONS_ASKED):
        assert validate(told, parse(text)) == [], text
