from __future__ import annotations

import ast
import os
import subprocess
import sys
import warnings
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefect import configuration
from prefect.configuration import (
    DEFAULT_CONFIG,
    Config,
    create_user_config,
    interpolate_config,
    interpolate_env_vars,
    load_configuration,
    load_toml,
    process_task_defaults,
    string_to_type,
    to_environment_variables,
    validate_config,
)


@pytest.fixture
def write(tmp_path):
    def write(text: str, name: str = "config.toml") -> str:
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return write


@pytest.fixture
def run(tmp_path):
    """Evaluate an expression in a process whose environment has nothing but these settings."""

    def run(expression: str, **environment: str) -> str:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT__")}
        clean["HOME"] = str(tmp_path)
        done = subprocess.run(
            [sys.executable, "-c", f"import prefect; print({expression})"],
            env=clean | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.strip() if done.returncode == 0 else done.stderr.strip().splitlines()[-1]

    return run


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("FALSE", False),
        ("5", 5),
        ("1.5", 1.5),
        ("-3", -3),
        ("None", None),
        ("null", "null"),
        ("[1]", [1]),
        ('{"a": 1}', {"a": 1}),
        ("1,2", (1, 2)),
        ("'5'", "5"),
        ("1+2", "1+2"),
        ("__import__('os')", "__import__('os')"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_text_gets_the_type_of_a_python_literal(text, value):
    assert string_to_type(text) == value
    assert type(string_to_type(text)) is type(value)


def by_the_parser(text: str) -> Any:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text


@given(
    st.one_of(
        st.text(max_size=12),
        st.text(alphabet="NoneTrufals ()[]{}'\"#%$/@|~+-._0123456789eEjbrRuU,:\n\\", max_size=12),
        st.sampled_from(
            ["None", "True", "set()", "None #%", "[1] # a/b", "1.2.3", "127.0.0.1", "007", "-0", "1_0", "abc"]
        ),
        st.builds(repr, st.one_of(st.integers(), st.floats(), st.text(), st.binary(), st.lists(st.integers()))),
    )
)
def test_a_text_that_needs_no_parser_has_the_value_that_it_would_give(text):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert repr(string_to_type(text)) == repr(by_the_parser(text))


def test_environment_variables_and_home_are_expanded(monkeypatch):
    monkeypatch.setenv("PLACE", "there")
    assert interpolate_env_vars("$PLACE/a") == "there/a"
    assert interpolate_env_vars("${PLACE}") == "there"
    assert interpolate_env_vars("$NOT_SET_ANYWHERE") == "$NOT_SET_ANYWHERE"
    assert interpolate_env_vars("~/x") == os.path.expanduser("~/x")
    assert interpolate_env_vars(5) == 5


def test_references_keep_the_type_when_they_are_the_whole_value(write):
    config = load_configuration(
        write(
            """
            whole = "${a.number}"
            part = "n=${a.number}"
            digits = "${a.number}${a.number}"
            nested = "${${which}.name}"
            nothing = "${no.such}"
            which = "a"
            in_list = ["${a.number}"]
            circle = "${other_circle}"
            other_circle = "${circle}"
            text = "5"
            [a]
            number = 3
            name = "A"
            CamelCase = 1
            """
        )
    )
    assert config.whole == 3
    assert config.part == "n=3"
    assert config.digits == "33"
    assert config.nested == "A"
    assert config.nothing == ""
    assert config.in_list == ["${a.number}"]
    assert config.text == 5
    assert config.a.CamelCase == 1
    assert "circle" in config.circle


def test_the_environment_wins_over_the_files(write, monkeypatch):
    monkeypatch.setenv("TESTING__A__B", "from environment")
    monkeypatch.setenv("TESTING__NEW__KEY", "${a.b}-x")
    monkeypatch.setenv("TESTING__CONTEXT__SECRETS__MixedCase", "1")
    monkeypatch.setenv("TESTING__CONTEXT__OTHER__MixedCase", "1")
    monkeypatch.setenv("TESTING__SECTION", '{"k": {"z": 1}}')
    monkeypatch.setenv("TESTING__LABELS", "['a', 'b']")
    config = load_configuration(
        write('[a]\nb = "default"\nc = "${a.b}"\n'),
        user_config_path=write('[a]\nb = "user"\nd = 1\n', "user.toml"),
        env_var_prefix="TESTING",
    )
    assert config.to_dict() == {
        "a": {"b": "from environment", "c": "from environment", "d": 1},
        "new": {"key": "from environment-x"},
        "context": {"secrets": {"MixedCase": 1}, "other": {"mixedcase": 1}},
        "section": {"k": {"z": 1}},
        "labels": ["a", "b"],
    }


def test_the_backend_file_wins_over_the_users_file(write):
    config = load_configuration(
        write('backend = "server"\n[a]\nb = 1\n'),
        user_config_path=write('backend = "user"\n[a]\nb = 2\n', "user.toml"),
        backend_config_path=write('backend = "cloud"\n', "backend.toml"),
    )
    assert config.backend == "cloud"
    assert config.a.b == 2


def test_files_that_are_not_there_are_passed_over(write):
    config = load_configuration(write("a = 1"), user_config_path="/no/such", backend_config_path="/no/such/either")
    assert config == {"a": 1}
    with pytest.raises(FileNotFoundError):
        load_configuration("/no/such")


def test_a_single_value_does_not_take_a_section_away(monkeypatch, write):
    monkeypatch.setenv("TESTING__A", "x")
    assert load_configuration(write("[a]\nb = 1\n"), env_var_prefix="TESTING").a.b == 1


def test_a_broken_file_is_named(write):
    path = write("a = [")
    with pytest.raises(ValueError, match=f"The configuration file {path} is not valid TOML"):
        load_toml(path)


@pytest.mark.parametrize("key", ["items", "copy", "keys", "update", "to_dict"])
def test_keys_named_like_methods_are_refused(write, key):
    with pytest.raises(ValueError, match=f'Invalid config key: "{key}"'):
        load_configuration(write(f"[a]\n{key} = 1\n"))
    with pytest.raises(ValueError, match="Invalid config key"):
        validate_config({"a": {key: 1}})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, (0, None, None)),
        ({"max_retries": False, "retry_delay": False, "timeout": False}, (0, None, None)),
        ({"max_retries": 2, "retry_delay": 5, "timeout": 7}, (2, timedelta(seconds=5), 7)),
    ],
)
def test_task_defaults_take_the_form_that_tasks_use(given, expected):
    defaults = process_task_defaults(Config(tasks={"defaults": given})).tasks.defaults
    assert (defaults.max_retries, defaults.retry_delay, defaults.timeout) == expected
    assert process_task_defaults(Config()).tasks.defaults.max_retries == 0


def test_a_user_config_is_a_copy_of_the_defaults_and_never_overwrites(tmp_path):
    path = tmp_path / "deep" / "config.toml"
    create_user_config(str(path))
    assert path.read_bytes() == Path(DEFAULT_CONFIG).read_bytes()
    with pytest.raises(ValueError, match=f"File already exists: {path}"):
        create_user_config(str(path))


def test_settings_become_environment_variables():
    config = interpolate_config({"a": {"b": "B", "n": 3, "c": {"d": True}}})
    assert to_environment_variables(config) == {"PREFECT__A__B": "B", "PREFECT__A__N": "3", "PREFECT__A__C__D": "True"}
    assert to_environment_variables(config, include=["a.b", "a.zz", "a"]) == {"PREFECT__A__B": "B"}
    assert to_environment_variables(config, include={"a.c.d"}, prefix="X") == {"X__A__C__D": "True"}


def test_a_copy_has_sections_of_its_own():
    config = Config(a={"b": {"c": 1}}, items_list=[1])
    copied = config.copy()
    copied.a.b.c = 2
    assert config.a.b.c == 1
    assert isinstance(copied.a.b, Config)
    assert copied.items_list[0] == 1


def test_a_missing_key_is_an_attribute_error_and_a_key_error():
    config = Config(a=1)
    with pytest.raises(AttributeError):
        config.b  # noqa: B018 - the look-up is what is tested
    with pytest.raises(KeyError):
        config["b"]
    assert config.get("b") is None
    assert getattr(config, "b", "default") == "default"


def test_the_defaults_are_those_of_a_server_of_ones_own(run):
    assert run("prefect.config.backend, prefect.config.cloud.api") == "server http://localhost:4200"
    assert run("prefect.config.cloud.api", PREFECT__BACKEND="cloud") == "https://api.prefect.io"
    assert run("prefect.config.cloud.api", PREFECT__SERVER__PORT="1234") == "http://localhost:1234"
    assert run("prefect.config.tasks.defaults.to_dict()", PREFECT__TASKS__DEFAULTS__RETRY_DELAY="5") == (
        "{'max_retries': 0, 'retry_delay': datetime.timedelta(seconds=5), 'timeout': None}"
    )


def test_a_process_reads_the_files_that_its_environment_names(run, write):
    path = write('[context.secrets]\nNAME = "x"\n', "user.toml")
    assert run("prefect.context.secrets", PREFECT__USER_CONFIG_PATH=path) == "{'NAME': 'x'}"
    backend = write('backend = "cloud"\n', "backend.toml")
    assert run("prefect.config.backend", PREFECT__BACKEND_CONFIG_PATH=backend) == "cloud"
    assert (
        run("prefect.config", PREFECT__ITEMS="1")
        == 'prefect.exceptions.ConfigurationError: Invalid config key: "items"'
    )


def test_import_reads_no_settings(run, write):
    broken = write("a = [", "broken.toml")
    assert run("prefect.__name__", PREFECT__USER_CONFIG_PATH=broken) == "prefect"
    assert broken in run("prefect.config.backend", PREFECT__USER_CONFIG_PATH=broken)


def test_there_is_one_config():
    import prefect

    assert prefect.config is configuration.config
    assert prefect.context.config is configuration.config
