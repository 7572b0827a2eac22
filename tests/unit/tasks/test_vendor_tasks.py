"""Tasks over packages of vendors: Prometheus, feeds and Redis with the packages themselves, the others by stand-ins."""

from __future__ import annotations

import socketserver
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest

from prefect import context
from prefect.engine.signals import FAIL
from prefect.tasks import (
    airtable,
    asana,
    azureml,
    dremio,
    dropbox,
    exasol,
    firebolt,
    gsheets,
    jira,
    kafka,
    neo4j,
    prometheus,
    redis,
    rss,
    sodaspark,
    sodasql,
    spacy,
    toloka,
    transform,
    twitter,
)
from prefect.tasks.powershell.powershell import PowershellTask
from support.fake_service import FakeService
from support.pauses import record_sleep
from support.stand_ins import stand_in

# ----- with the packages themselves


def test_gauges_arrive_at_a_gateway() -> None:
    with FakeService() as gateway:
        gateway.on("(PUT|POST)", (202, b""))
        how = {"pushgateway_url": gateway.url, "counter_name": "rows", "job_name": "j", "grouping_key": ["db"]}
        labels = [{"db": "a", "t": "x"}, {"db": "a", "t": "y"}, {"db": "b", "t": "x"}]
        prometheus.PushGaugeToGateway(**how, counter_description="Rows.").run([1, 2, 3], labels)
        prometheus.PushAddGaugeToGateway(**how).run([4], labels[:1])

    assert [(asked.method, asked.path) for asked in gateway.asked] == [
        ("PUT", "/metrics/job/j/db/a"),
        ("PUT", "/metrics/job/j/db/b"),
        ("POST", "/metrics/job/j/db/a"),
    ]
    assert b'rows{db="a",t="x"} 1.0\nrows{db="a",t="y"} 2.0' in gateway.asked[0].body
    with pytest.raises(ValueError, match=r"need to have the same length\. Values length is 1, labels length is 0"):
        prometheus.PushGaugeToGateway(**how).run([1], [])


def test_feed_is_read() -> None:
    feed = '<rss version="2.0"><channel><title>T</title><item><title>one</title></item></channel></rss>'
    with FakeService() as site:
        site.on("GET /feed", (200, feed, {"Content-Type": "application/rss+xml"}))
        found = rss.ParseRSSFeed(f"{site.url}/feed").run()
    assert (found.feed.title, [entry.title for entry in found.entries]) == ("T", ["one"])


class FakeRedis(socketserver.ThreadingTCPServer):
    """A fake that speaks enough of the protocol of Redis (RESP 2) to set and get keys."""

    daemon_threads = allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _RedisHandler)
        self.commands: list[list[bytes]] = []
        self.values: dict[bytes, bytes] = {}


class _RedisHandler(socketserver.StreamRequestHandler):
    server: FakeRedis

    def handle(self) -> None:
        while head := self.rfile.readline():
            parts = []
            for _ in range(int(head[1:])):
                size = int(self.rfile.readline()[1:])
                parts.append(self.rfile.read(size + 2)[:-2])
            self.server.commands.append(parts)
            self.wfile.write(self._answer(parts))

    def _answer(self, parts: list[bytes]) -> bytes:
        verb = parts[0].upper()
        if verb == b"AUTH" and parts[1] != b"s3cr3t-pass":
            return b"-WRONGPASS invalid username-password pair\r\n"
        if verb == b"SET":
            if b"NX" in parts and parts[1] in self.server.values:
                return b"$-1\r\n"
            self.server.values[parts[1]] = parts[2]
        if verb == b"GET":
            found = self.server.values.get(parts[1])
            return b"$-1\r\n" if found is None else b"$%d\r\n%s\r\n" % (len(found), found)
        if verb == b"HELLO":
            return b"-ERR unknown command 'HELLO'\r\n"
        return b":1\r\n" if verb == b"INCR" else b"+OK\r\n"


@pytest.fixture
def redis_server() -> Iterator[FakeRedis]:
    with FakeRedis() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_keys_of_redis(redis_server: FakeRedis) -> None:
    port = redis_server.server_address[1]
    how: dict[str, Any] = {"host": "127.0.0.1", "port": port, "redis_connection_params": {"protocol": 2}}
    with context(secrets={"REDIS_PASSWORD": "s3cr3t-pass", "WRONG": "wr0ng-pass"}):
        assert redis.RedisSet(**how).run("k\r\nDEL x", "v\r\n") is True
        assert redis.RedisSet(**how).run("k\r\nDEL x", "w", nx=True) is None
        assert redis.RedisGet(**how).run("k\r\nDEL x") == b"v\r\n"
        assert redis.RedisGet(**how).run("none") is None
        assert redis.RedisExecute(**how).run("INCR n") == 1
        assert redis.RedisSet(**how).run("zero", 0, ex=5) is True
        with pytest.raises(Exception, match="invalid username-password pair") as caught:
            redis.RedisGet(**how, password_secret="WRONG").run("k")
    assert "wr0ng" not in str(caught.value)
    assert [b"SET", b"zero", b"0", b"EX", b"5"] in redis_server.commands
    with pytest.raises(ValueError, match=r"\(`password_secret` of RedisGet\)"):
        redis.RedisGet(**how).run("k")


def test_powershell_gets_the_script_with_its_suffix(tmp_path: Path) -> None:
    shell = tmp_path / "pwsh"
    shell.write_text('#!/bin/sh\ncase "$1" in *.ps1) cat "$1";; esac\n')
    shell.chmod(0o755)
    assert PowershellTask(command="Get-Date", shell=str(shell), return_all=True).run() == ["Get-Date"]
    assert PowershellTask().shell == "pwsh"


# ----- by stand-ins


def test_sheet_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    account = stand_in(monkeypatch, "gspread").service_account
    sheet = account.return_value.open_by_key.return_value.worksheet.return_value
    where = {"credentials_filename": "f.json", "sheet_key": "k", "worksheet_name": "w"}

    assert gsheets.WriteGsheetRow(**where).run([1]) is sheet.append_row.return_value
    assert gsheets.ReadGsheetRow(**where).run(3) is sheet.row_values.return_value
    account.assert_called_with(filename="f.json")
    sheet.append_row.assert_called_once_with([1])
    sheet.row_values.assert_called_once_with(3)


def test_exasol_statements(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = stand_in(monkeypatch, "pyexasol").connect
    connection = connect.return_value.__enter__.return_value
    with context(secrets={"DSN": "d", "USER": "u", "PASS": "s3cr3t"}):
        fetch = exasol.ExasolFetch(dsn_secret="DSN", user_secret="USER", password_secret="PASS", query="q")
        for kind in ("one", "many", "all", "val"):
            rows = getattr(connection.execute.return_value, f"fetch{kind}")
            assert fetch.run(fetch=kind, query_params={"a": 1}, connection_timeout=3) is rows.return_value
    connect.assert_called_with(dsn="d", user="u", password="s3cr3t", connection_timeout=3)
    connection.execute.assert_called_with("q", {"a": 1})
    connection.execute.return_value.fetchmany.assert_called_once_with(10)
    exasol.ExasolExecute("d", query="q").run("u", "p", commit=False)
    connection.commit.assert_not_called()
    exasol.ExasolImportFromIterable("d").run("u", "p", target_schema="s", target_table="t", data=[(1,)])
    connection.import_from_iterable.assert_called_once_with([(1,)], ("s", "t"), None)
    connection.commit.assert_called_once_with()
    exasol.ExasolExportToFile("d").run(destination="f", query_or_table="q")
    connection.export_to_file.assert_called_once_with("f", "q", None, None)
    with pytest.raises(ValueError, match="A dsn string must be provided"):
        exasol.ExasolExecute(query="q").run()
    with pytest.raises(ValueError, match="must be one of the following"):
        fetch.run(fetch="few")


def test_firebolt_statements(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, "firebolt.client.auth")
    connect = stand_in(monkeypatch, "firebolt.db").connect
    cursor = connect.return_value.__enter__.return_value.cursor.return_value
    cursor.execute.side_effect, cursor.fetchall.return_value = [2, -1], [(1,), (2,)]
    query = firebolt.FireboltQuery("d", "u", "p", "e", "q")
    assert (query.run(), query.run()) == ([(1,), (2,)], [])
    assert connect.call_args.kwargs["engine_name"] == "e"


def test_dremio_query(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "c.pem").write_bytes(b"CERT")
    flight = stand_in(monkeypatch, "pyarrow.flight")
    fetch = dremio.DremioFetch(query="q")
    found = fetch.run("u", "p", "h", 1, True, str(tmp_path / "c.pem"))
    assert found is flight.FlightClient.return_value.do_get.return_value.read_pandas.return_value
    flight.FlightClient.assert_called_once_with("grpc+tls://h:1", tls_root_certs=b"CERT")
    flight.FlightDescriptor.for_command.assert_called_once_with("q")


def message(value: bytes | None, error: Any = None) -> Any:
    return SimpleNamespace(value=lambda: value, error=lambda: error)


def test_kafka_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    package = stand_in(monkeypatch, "confluent_kafka")
    package.KafkaError = SimpleNamespace(_PARTITION_EOF=-191)
    end, bad = SimpleNamespace(code=lambda: -191), SimpleNamespace(code=lambda: 5)
    consumer = package.Consumer.return_value
    consumer.poll.side_effect = [
        message(b"1"),
        message(None, end),
        message(b"2"),
        None,
        message(b"3"),
        message(None, bad),
    ]
    consume = kafka.KafkaBatchConsume("b", "g", ["t"], kafka_configs={"k": "v"})

    assert consume.run() == [b"1", b"2"]
    assert consume.run(message_consume_limit=1) == [b"3"]
    with pytest.raises(package.KafkaException):
        consume.run()
    assert consumer.close.call_count == 3
    assert package.Consumer.call_args.args[0] == {
        "bootstrap.servers": "b",
        "group.id": "g",
        "auto.offset.reset": "earliest",
        "k": "v",
    }
    producer = package.Producer.return_value
    kafka.KafkaBatchProduce("b", "t", [{"key": "a", "value": "1"}, {"value": "2"}], flush_threshold=1).run()
    assert [call.kwargs["value"] for call in producer.produce.call_args_list] == ["1", "2"]
    assert producer.flush.call_count == 3

    told: list[Any] = []
    producer.produce.side_effect = lambda callback, value, **_: callback(None if value == "1" else "no broker", value)
    with pytest.raises(RuntimeError, match="KafkaBatchProduce: 1 of 2 messages were not delivered: no broker"):
        kafka.KafkaBatchProduce("b", "t", [{"value": "1"}, {"value": "2"}], callback=lambda *a: told.append(a)).run()
    assert told == [(None, "1"), ("no broker", "2")]
    consumer.list_topics.side_effect = package.KafkaException
    with pytest.raises(package.KafkaException):
        consume.run()


def test_neo4j_query(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = stand_in(monkeypatch, "neo4j").GraphDatabase.driver
    session = driver.return_value.session
    result = session.return_value.__enter__.return_value.run.return_value
    monkeypatch.setenv("NEO_PASS", "s3cr3t")
    query = neo4j.Neo4jRunCypherQueryTask("bolt://x", "u", password_env_var="NEO_PASS", cypher_query="MATCH (n)")

    assert query.run() is result.data.return_value
    assert query.run(return_result_as="dataframe", db_name="d") is result.to_df.return_value
    driver.assert_called_with("bolt://x", auth=("u", "s3cr3t"))
    session.assert_called_with(database="d")
    for arguments, text in (
        ({"server_uri": None}, "either the `server_uri` or the `server_uri_env_var`"),
        ({"password_env_var": "NO_SUCH"}, "`NO_SUCH` not found in environment variables"),
        ({"cypher_query": None}, "Please provide a value for `cypher_query`"),
        ({"return_result_as": "xml"}, "Illegal value for `return_result_as`"),
    ):
        with pytest.raises(ValueError, match=text):
            query.run(**arguments)


def test_texts_of_spacy(monkeypatch: pytest.MonkeyPatch) -> None:
    load = stand_in(monkeypatch, "spacy").load
    assert spacy.SpacyNLP("text", disable=["ner"]).run() is load.return_value.return_value
    load.assert_called_once_with("en_core_web_sm", disable=["ner"], exclude=[])
    own = MagicMock(pipeline=[("tagger", "T"), ("parser", "P"), ("ner", "N")])
    assert spacy.SpacyNLP("text", nlp=own).run() is own.return_value
    kinds = (spacy.SpacyTagger, spacy.SpacyParser, spacy.SpacyNER)
    assert [kind(own).run() for kind in kinds] == ["T", "P", "N"]
    assert spacy.SpacyComponent("ner", own).run("parser") == "P"
    with pytest.raises(ValueError, match="no component 'x'"):
        spacy.SpacyComponent("x", own).run()
    load.side_effect = OSError
    with pytest.raises(ValueError, match="en_core_web_sm is not installed"):
        spacy.SpacyNLP("text").run()


def test_replies_to_a_tweet(monkeypatch: pytest.MonkeyPatch) -> None:
    package = stand_in(monkeypatch, "tweepy")
    tweets = [SimpleNamespace(in_reply_to_status_id=5), SimpleNamespace(in_reply_to_status_id=6)]
    package.Cursor.return_value.items.return_value = tweets
    whole = {"api_key": "a", "api_secret": "b", "access_token": "c", "access_token_secret": "d"}
    load = twitter.LoadTweetReplies("u", "5")
    assert load.run(credentials=whole) == tweets[:1]
    with pytest.raises(ValueError, match=r"The credentials have no api_secret, access_token, access_token_secret"):
        load.run(credentials={"api_key": "s3cr3t"})


def test_datasets_and_datastores_of_azure_ml(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stand_in(monkeypatch, "azureml.data.dataset_type_definitions")
    dataset = stand_in(monkeypatch, "azureml.core.dataset").Dataset
    datastore = stand_in(monkeypatch, "azureml.core.datastore").Datastore
    store = MagicMock()
    made = dataset.Tabular.from_parquet_files.return_value
    found = azureml.DatasetCreateFromParquetFiles("n", store, "p").run(create_new_version=True)
    assert found is made.register.return_value
    assert made.register.call_args.kwargs["create_new_version"] is True
    azureml.DatasetCreateFromDelimitedFiles("n", store, ["p", "q"], fine_grain_timestamp="t").run()
    asked = dataset.Tabular.from_delimited_files.call_args.kwargs
    assert (asked["path"], asked["separator"]) == ([(store, "p"), (store, "q")], ",")
    azureml.DatasetCreateFromFiles("n", store, "p").run()
    assert azureml.DatastoreGet("w").run() is datastore.get_default.return_value
    assert azureml.DatastoreGet("w").run("n") is datastore.get.return_value
    assert azureml.DatastoreList(SimpleNamespace(datastores={"a": 1})).run() == {"a": 1}
    azureml.DatastoreUpload(store, path=str(tmp_path)).run()
    assert store.upload.call_args.kwargs["src_dir"] == str(tmp_path)
    azureml.DatastoreUpload(store).run(path=["a", "b"])
    assert store.upload_files.call_args.kwargs["files"] == ["a", "b"]
    with context(secrets={"AZ_CREDENTIALS": {"ACCOUNT_NAME": "a", "ACCOUNT_KEY": "k"}}):
        azureml.DatastoreRegisterBlobContainer("w", "c").run(set_as_default=True)
    assert datastore.register_azure_blob_container.call_args.kwargs["datastore_name"] == "c"


def test_what_vendors_gave_up_says_what_to_use_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("sodaspark", "sodasql", "transform", "azureml"):
        monkeypatch.setitem(sys.modules, name, None)
    for task, text in (
        (sodaspark.SodaSparkScan("d", object()), "use soda-core-spark-df"),
        (sodasql.SodaSQLScan("d", "w"), "run `soda scan` of soda-core with ShellTask"),
        (azureml.DatastoreGet("w"), "use azure-ai-ml"),
        (
            transform.TransformCreateMaterialization(api_key="k", mql_server_url="u", materialization_name="m"),
            "use its semantic layer, with DbtShellTask",
        ),
    ):
        with pytest.raises(ImportError, match=text) as caught:
            task.run()
        assert "\n" not in str(caught.value)


def test_scans_and_materializations_where_the_packages_are_still_there(monkeypatch: pytest.MonkeyPatch) -> None:
    scan = stand_in(monkeypatch, "sodaspark.scan")
    assert sodaspark.SodaSparkScan("d").run(df="frame") is scan.execute.return_value
    builder = stand_in(monkeypatch, "sodasql.scan.scan_builder").ScanBuilder.return_value
    assert sodasql.SodaSQLScan("s.yml", {"w": 1}).run() is builder.build.return_value.execute.return_value
    assert (builder.scan_yml_file, builder.warehouse_yml_dict) == ("s.yml", {"w": 1})
    client = stand_in(monkeypatch, "transform").MQLClient.return_value
    create = transform.TransformCreateMaterialization("k", mql_server_url="u", materialization_name="m")
    assert create.run() is client.materialize.return_value
    client.create_materialization.return_value.error = "bad"
    with pytest.raises(FAIL, match="async creation failed! Error is: bad"):
        create.run(wait_for_creation=False)


def test_toloka_projects_pools_and_assignments(monkeypatch: pytest.MonkeyPatch) -> None:
    record_sleep(monkeypatch)

    class Thing(SimpleNamespace):
        @classmethod
        def structure(cls, content: dict[str, Any]) -> Any:
            return cls(**content)

    stand_in(monkeypatch, *(f"toloka.client.{name}" for name in ("project", "training", "pool", "task")))
    for name in ("project", "training", "pool", "task"):
        monkeypatch.setattr(sys.modules[f"toloka.client.{name}"], name.capitalize(), Thing, raising=False)
    make = stand_in(monkeypatch, "toloka.client").TolokaClient
    client = make.return_value
    client.create_project.side_effect = client.create_pool.side_effect = client.create_training.side_effect = (
        lambda one: one
    )

    with context(secrets={"TOLOKA_TOKEN": "s3cr3t"}):
        assert toloka.create_project.run('{"name": "p"}').name == "p"
    make.assert_called_once_with("s3cr3t", "PRODUCTION")
    how = {"token": "t", "env": "SANDBOX"}
    assert toloka.create_exam_pool.run({"a": 1}, project_id={"id": "7"}, **how).project_id == "7"
    pool = toloka.create_pool.run(Thing(id="9"), project_id="7", reward_per_assignment=0.5, **how)
    assert (pool.project_id, pool.reward_per_assignment) == ("7", 0.5)
    toloka.create_tasks.run([{"input": 1}], pool_id=pool, open_pool=True, **how)
    assert client.create_tasks.call_args.args[0][0].pool_id == "9"
    client.get_pool.return_value.is_open.side_effect = [True, False]
    assert toloka.wait_pool.run(pool, open_pool=True, **how) is client.get_pool.return_value
    toloka.open_pool.run("9", **how)
    toloka.open_exam_pool.run("8", **how)
    client.open_training.assert_called_once_with("8")
    client.get_assignments.return_value = iter([1])
    assert toloka.get_assignments.run("9", "SUBMITTED", user_id="u", **how) == [1]
    toloka.get_assignments_df.run("9", "ACCEPTED", **how)
    assert client.get_assignments_df.call_args.kwargs == {"exclude_banned": False, "status": ["ACCEPTED"]}
    client.get_assignment.return_value.status = "ACCEPTED"
    toloka.accept_assignment.run("a", "well done", **how)
    client.accept_assignment.assert_not_called()
    toloka.reject_assignment.run("a", "no", **how)
    client.reject_assignment.assert_called_once_with("a", "no")
    with pytest.raises(ValueError, match="or its id, is needed, not int"):
        toloka.open_pool.run(7, **how)
    made = make.call_count
    for operation in (toloka.create_project, toloka.get_assignments_df, toloka.wait_pool):
        with pytest.raises(ValueError, match=rf'"OWN" was not found.*\(`token` of {operation.name}\)'):
            operation.run("9", secret_name="OWN")
        with pytest.raises(TypeError, match="no_such_argument"):
            operation.run("9", no_such_argument=1, **how)
    assert make.call_count == made


# ----- packages that 1.x had, where they are installed


def test_packages_of_1_x_are_used_where_they_are_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    table = stand_in(monkeypatch, "airtable").Airtable
    assert airtable.WriteAirtableRow("b", "t").run({"a": 1}, api_key="k") is table.return_value.insert.return_value
    assert airtable.ReadAirtableRow("b", "t").run("rec", api_key="k") is table.return_value.get.return_value
    table.assert_called_with("b", "t", "k")

    files = stand_in(monkeypatch, "dropbox").Dropbox
    files.return_value.files_download.return_value = (None, SimpleNamespace(content=b"x"))
    assert dropbox.DropboxDownload("/p").run(access_token="t") == b"x"
    files.assert_called_once_with("t")

    create = stand_in(monkeypatch, "asana").Client.access_token.return_value.tasks.create_task
    assert asana.OpenAsanaToDo(name="n", project="p", token="t").run() is create.return_value
    create.assert_called_once_with({"name": "n", "notes": None, "projects": ["p"]})

    client = stand_in(monkeypatch, "jira").JIRA
    who = {"username": "u", "access_token": "t", "server_url": "s"}
    jira.JiraTask(project_name="P", issue_type="Bug", summary="s").run(**who)
    client.assert_called_once_with(basic_auth=("u", "t"), options={"server": "s"})
    issue = client.return_value.create_issue.call_args.args[0]
    assert (issue["project"], issue["issuetype"]) == ("P", {"name": "Bug"})
    jira.JiraServiceDeskTask(service_desk_id="1", issue_type=3, summary="s").run(**who)
    assert client.return_value.create_customer_request.call_args.args[0]["requestTypeId"] == 3

    monkeypatch.setitem(sys.modules, "neo4j", None)
    graph = stand_in(monkeypatch, "py2neo").Graph
    query = neo4j.Neo4jRunCypherQueryTask("bolt://x", "u", "p", cypher_query="q")
    assert query.run() is graph.return_value.run.return_value.data.return_value
    graph.assert_called_once_with(profile="bolt://x", name=None, auth=("u", "p"))
