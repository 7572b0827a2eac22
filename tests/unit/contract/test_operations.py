"""Documents that we send: they are well formed, constant, and known to our server but for hosted extras."""

from __future__ import annotations

import pytest
from graphql import OperationDefinitionNode, parse, validate

from prefect.contract.operations import documents
from prefect.server.graphql.mutations import MUTATIONS
from prefect.server.graphql.queries import QUERIES
from prefect.server.graphql.schema import build

# Of the hosted product; our server gets them with keys and secrets.
HOSTED = {
    "API_KEYS",
    "AUTH_TENANT",
    "AUTH_USER",
    "CREATE_API_KEY",
    "DELETE_API_KEY",
    "DELETE_KEY_VALUE",
    "DELETE_TASK_TAG_LIMIT",
    "KEYS",
    "KEY_VALUE",
    "SECRET_NAMES",
    "SECRET_VALUE",
    "SET_KEY_VALUE",
    "SET_SECRET",
    "TASK_TAG_LIMIT",
    "UPDATE_TASK_TAG_LIMIT",
}


@pytest.fixture(scope="module")
def schema():
    return build((*QUERIES, *MUTATIONS)).types


@pytest.mark.parametrize("name", documents())
def test_a_document_holds_one_operation_that_names_its_variables(name):
    definitions = parse(documents()[name]).definitions

    assert len(definitions) == 1
    assert isinstance(definitions[0], OperationDefinitionNode)


@pytest.mark.parametrize("name", sorted(set(documents()) - HOSTED))
def test_a_document_is_valid_for_our_server(schema, name):
    assert [error.message for error in validate(schema, parse(documents()[name]))] == []
