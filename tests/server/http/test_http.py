import json

import pytest

from prefect.server.actions import tenants


@pytest.mark.parametrize("path", ["/", "/graphql", "/graphql/", "/graphql/alpha"])
def test_the_api_answers_at_every_path_that_clients_know(api, path):
    answer = api.ask("{ hello }", path=path)

    assert answer.data == {"hello": "👋"}
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-length"] == str(len(answer.body))
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("variables", [None, "null", '{"s": "default"}', {"s": "default"}])
def test_variables_come_as_an_object_as_text_or_not_at_all(api, variables):
    answer = api.ask("query($s: String) { tenant(where: {slug: {_eq: $s}}) { slug } }", variables)

    assert answer.data == {"tenant": [{"slug": "default"}]}


def _body(document, values, as_text):
    variables = {"input": values}
    return json.dumps({"query": document, "variables": json.dumps(variables) if as_text else variables}).encode()


@pytest.mark.parametrize("as_text", [False, True], ids=["object", "text"])
def test_half_a_surrogate_pair_in_a_log_record_is_stored_as_the_sign_for_it(api, as_text):
    run_id = api.do("create_flow_run", flow_id=api.register())["id"]
    record = {"flow_run_id": run_id, "message": "\udcff \ud83d\ude00 \\ud800 \ud800\\"}
    document = "mutation($input: write_run_logs_input!) { write_run_logs(input: $input) { success } }"

    answer = api.call("POST", "/", _body(document, {"logs": [record]}, as_text))

    assert answer.json == {"data": {"write_run_logs": {"success": True}}}
    assert api.ask("{ log { message } }").data["log"][0]["message"] == "\ufffd \U0001f600 \\ud800 \ufffd\\"


@pytest.mark.parametrize("as_text", [False, True], ids=["object", "text"])
def test_half_a_surrogate_pair_in_any_other_value_is_refused(api, as_text):
    document = "mutation($input: create_tenant_input!) { create_tenant(input: $input) { id } }"

    answer = api.call("POST", "/", _body(document, {"name": "\udcff", "slug": "half"}, as_text))

    assert answer.status == 400


def test_a_batch_is_answered_in_its_order(api):
    bodies = [{"query": "{ hello }"}, {"query": "{ nothing }"}, {"query": "{ api { backend mode } }"}]

    answer = api.call("POST", "/graphql", json.dumps(bodies).encode())

    assert answer.status == 200
    first, second, third = answer.json
    assert first == {"data": {"hello": "👋"}}
    assert "data" not in second
    assert third == {"data": {"api": {"backend": "SERVER", "mode": "normal"}}}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "no JSON"),
        (b'{"query"', "no JSON"),
        (b"\xff", "no JSON"),
        (b"5", "JSON object with a query"),
        (b"[]", "1 to 25 operations, not 0"),
        (json.dumps([{"query": "{ hello }"}] * 26).encode(), "1 to 25 operations, not 26"),
        (b"[5]", "Each member of a batch"),
        (b"{}", "query"),
        (b'{"query": 5}', "query"),
        (b'{"query": "{ hello"}', "Syntax Error"),
        (b'{"query": "{ hello }", "variables": "{"}', "variables"),
        (b'{"query": "{ hello }", "variables": [1]}', "variables"),
    ],
)
def test_a_body_that_cannot_be_used_is_answered_400_with_errors_and_no_data(api, body, said):
    answer = api.call("POST", "/", body)

    assert answer.status == 400
    assert said in answer.messages[0]
    assert "data" not in answer.json


def test_a_body_over_the_limit_is_answered_413(api):
    body = json.dumps({"query": "{ hello }", "variables": {"x": "a" * 5_000_000}}).encode()

    answer = api.call("POST", "/", body)

    assert answer.status == 413
    assert answer.messages == ["The request's body is larger than 5000000 bytes."]


def test_a_get_may_ask_but_change_nothing(api):
    assert api.call("GET", "/graphql?query=%7Bhello%7D").data == {"hello": "👋"}
    variables = "variables=%7B%22s%22%3A%22x%22%7D"
    asked = f"/?query=query(%24s%3AString)%7Btenant(where%3A%7Bslug%3A%7B_eq%3A%24s%7D%7D)%7Bslug%7D%7D&{variables}"
    assert api.call("GET", asked).data == {"tenant": []}

    refused = api.call("GET", "/?query=mutation%7Bcreate_project(input%3A%7Bname%3A%22x%22%7D)%7Bid%7D%7D")

    assert refused.status == 405
    assert api.ask("{ project { id } }").data == {"project": []}
    assert api.call("GET", "/").status == 400


def test_a_browser_gets_the_page_where_the_api_is_and_json_for_a_link_with_a_query(api):
    page = api.call("GET", "/graphql", headers={"accept": "text/html,*/*"})
    asked = api.call("GET", "/graphql?query=%7Bhello%7D", headers={"accept": "text/html,*/*"})

    assert page.status == 200
    assert page.headers["content-type"].startswith("text/html")
    assert b"http://" not in page.body
    assert b"https://" not in page.body
    assert asked.data == {"hello": "👋"}


def test_browsers_of_any_page_may_call(api):
    wanted = "content-type,x-prefect-tenant-id"

    answer = api.call("OPTIONS", "/graphql", headers={"access-control-request-headers": wanted})

    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-headers"] == wanted
    assert "POST" in answer.headers["access-control-allow-methods"]


def test_health_is_told_in_both_ways_of_1_x(api):
    assert api.call("GET", "/health").json["status"] == "ok"
    assert api.call("GET", "/.well-known/apollo/server-health").json == {"status": "pass"}
    assert api.call("HEAD", "/health").body == b""


def test_other_paths_and_methods_are_errors_in_json(api):
    assert api.call("GET", "/elsewhere").status == 404
    assert api.call("POST", "/elsewhere").status == 404
    assert api.call("DELETE", "/graphql").status == 405
    assert api.call("DELETE", "/graphql").json["errors"]


def test_the_tenant_header_must_be_a_uuid(api):
    assert api.ask("{ hello }", headers={"X-Prefect-Tenant-Id": "x"}).status == 400


def test_the_caller_is_of_the_tenant_that_it_names_or_else_of_the_first(api):
    first = api.ask("{ tenant { id } auth_info { tenant_id } }").data
    assert first["auth_info"]["tenant_id"] == first["tenant"][0]["id"]
    other = api.do("create_tenant", name="Other", slug="other")["id"]

    named = api.ask("{ auth_info { tenant_id } }", headers={"X-Prefect-Tenant-Id": other}).data
    made = 'mutation { create_project(input: {name: "p"}) { id } }'
    api.ask(made, headers={"X-Prefect-Tenant-Id": other})

    assert named["auth_info"]["tenant_id"] == other
    assert api.ask("{ project { tenant_id } }").data["project"] == [{"tenant_id": other}]


def test_an_unforeseen_error_is_told_in_fixed_words(api, monkeypatch, caplog):
    def fail(*args, **kwargs):
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(api.app.executor, "execute", fail)

    answer = api.ask("{ hello }")

    assert answer.status == 500
    assert answer.messages == ["Unable to complete operation. An internal API error occurred."]
    assert "ZeroDivisionError" in caplog.text


def test_a_second_start_keeps_the_default_tenant(api):
    before = api.ask("{ tenant { id slug } }").data

    async def again():
        from datetime import UTC, datetime

        return await api.app.database.write(lambda tx: tenants.ensure_default_tenant(tx, datetime.now(UTC)))

    assert api.run_async(again()) == before["tenant"][0]["id"]
    assert api.ask("{ tenant { id slug } }").data == before
