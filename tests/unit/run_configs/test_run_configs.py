import os
import pickle

import pytest

from prefect.run_configs import DockerRun, ECSRun, KubernetesRun, LocalRun, RunConfig, UniversalRun, VertexRun

ALL = [
    UniversalRun({"A": "1"}, ["b", "a"]),
    LocalRun(env={"A": "1"}, working_dir="/srv", labels=["x"]),
    DockerRun(image="i", env={"A": "1"}, ports=[80, 443], host_config={"shm_size": 1}, labels=["x"]),
    KubernetesRun(job_template={"a": 1}, image="i", cpu_limit=2, cpu_request="500m", image_pull_secrets=["s"]),
    ECSRun(task_definition={"a": 1}, cpu=1, memory="2 GB", run_task_kwargs={"cluster": "c"}),
    VertexRun(image="i", scheduling={"a": 1}, worker_pool_specs=[{"b": 2}]),
]


@pytest.mark.parametrize("config", ALL, ids=lambda c: type(c).__name__)
def test_run_configs_come_back_from_json_and_pickle(config):
    data = config.serialize()
    assert data["type"] == type(config).__name__
    assert RunConfig.deserialize(data) == config
    assert pickle.loads(pickle.dumps(config)) == config


@pytest.mark.parametrize("config", ALL, ids=lambda c: type(c).__name__)
def test_a_type_alone_is_enough(config):
    loaded = RunConfig.deserialize({"type": type(config).__name__, "unknown": 1})
    assert loaded == type(config)()
    assert (loaded.env, loaded.labels) == (None, set())


def test_labels_are_a_set_and_travel_sorted():
    config = UniversalRun(labels=["b", "a", "b"])
    assert config.labels == {"a", "b"}
    assert config.serialize()["labels"] == ["a", "b"]
    assert config == UniversalRun(labels={"a", "b"})
    with pytest.raises(ValueError, match="several labels, not one text"):
        UniversalRun(labels="abc")


def test_different_kinds_are_not_equal():
    assert UniversalRun() != LocalRun()
    assert UniversalRun() != "UniversalRun"
    with pytest.raises(TypeError, match="unhashable"):
        hash(UniversalRun())


def test_what_travels_alike_is_alike():
    assert KubernetesRun(cpu_limit=2, memory_request=5) == KubernetesRun(cpu_limit="2", memory_request="5")
    assert KubernetesRun(cpu_limit=2) != KubernetesRun(cpu_limit=3)
    assert RunConfig(env={"A": "1"}) != RunConfig()


def test_arguments_are_by_name_except_of_the_plain_ones():
    assert UniversalRun({"A": "1"}).env == {"A": "1"}
    for cls in (LocalRun, DockerRun, KubernetesRun, ECSRun, VertexRun):
        with pytest.raises(TypeError):
            cls("x")


def test_the_base_has_no_json_form():
    with pytest.raises(ValueError, match="RunConfig objects have no JSON form"):
        RunConfig().serialize()


def test_a_working_directory_is_made_absolute_here_and_kept_when_loaded():
    assert LocalRun(working_dir="x").working_dir == os.path.join(os.getcwd(), "x")
    assert RunConfig.deserialize({"type": "LocalRun", "working_dir": "x"}).working_dir == "x"


@pytest.mark.parametrize("cls", [KubernetesRun, ECSRun])
def test_amounts_become_text(cls):
    name = "cpu" if cls is ECSRun else "cpu_limit"
    assert getattr(cls(**{name: 1.5}), name) == "1.5"
    assert getattr(cls(**{name: "500m"}), name) == "500m"
    assert getattr(cls(), name) is None


TEMPLATES = [(KubernetesRun, "job_template"), (ECSRun, "task_definition")]


@pytest.mark.parametrize(("cls", "name"), TEMPLATES)
@pytest.mark.parametrize("scheme", ["", "file://", "local://"])
def test_templates_of_this_machine_are_read_at_once(cls, name, scheme, tmp_path):
    path = tmp_path / "template.yaml"
    path.write_text("kind: Job\nlist: [1]\n")
    config = cls(**{f"{name}_path": f"{scheme}{path}"})
    assert getattr(config, name) == {"kind": "Job", "list": [1]}
    assert getattr(config, f"{name}_path") is None


@pytest.mark.parametrize(("cls", "name"), TEMPLATES)
@pytest.mark.parametrize("path", ["agent:///x/y.yaml", "s3://b/y.yaml", "gs://b/y.yaml"])
def test_other_templates_are_left_to_the_agent(cls, name, path):
    config = cls(**{f"{name}_path": path})
    assert getattr(config, name) is None
    assert getattr(config, f"{name}_path") == path
    assert RunConfig.deserialize(config.serialize()) == config


@pytest.mark.parametrize(("cls", "name"), TEMPLATES)
def test_loading_opens_no_file(cls, name, tmp_path):
    path = tmp_path / "secret.yaml"
    path.write_text("password: x\n")
    loaded = RunConfig.deserialize({"type": cls.__name__, f"{name}_path": str(path)})
    assert (getattr(loaded, name), getattr(loaded, f"{name}_path")) == (None, str(path))


def test_a_missing_template_says_so(tmp_path):
    with pytest.raises(FileNotFoundError):
        KubernetesRun(job_template_path=str(tmp_path / "nope.yaml"))


def test_a_template_may_be_yaml_text():
    assert KubernetesRun(job_template="a: 1\nb: [1, 2]\n").job_template == {"a": 1, "b": [1, 2]}
    with pytest.raises(ValueError, match="job_template: not an object"):
        KubernetesRun(job_template="just text")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: KubernetesRun(job_template_path="agent:///x", job_template={"a": 1}), "both `job_template_path` and"),
        (lambda: KubernetesRun(image_pull_policy="zork"), "Invalid image_pull_policy 'zork'"),
        (lambda: ECSRun(task_definition={}, task_definition_arn="arn"), "Can only provide one of"),
        (lambda: ECSRun(task_definition={}, task_definition_path="agent:///x"), "Can only provide one of"),
        (lambda: ECSRun(task_definition_arn="arn", image="i"), "both `task_definition_arn` and `image`"),
    ],
)
def test_conflicts_are_refused(make, said):
    with pytest.raises(ValueError, match=said):
        make()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"type": "Zork"}, "Unknown run_config type: 'Zork'"),
        ({"type": "RunConfig"}, "Unknown run_config type: 'RunConfig'"),
        ({}, "A run_config must have a 'type'"),
        (None, "must be a JSON object"),
        ({"type": "UniversalRun", "labels": None}, "labels: not a list"),
        ({"type": "UniversalRun", "labels": "x"}, "labels: not a list"),
        ({"type": "UniversalRun", "labels": [1]}, r"labels\[0\]: not text"),
        ({"type": "UniversalRun", "env": [1]}, "env: not an object"),
        ({"type": "DockerRun", "ports": ["a"]}, r"ports\[0\]: not a whole number"),
        ({"type": "DockerRun", "image": 3}, "image: not text"),
        ({"type": "DockerRun", "host_config": 3}, "host_config: not an object"),
        ({"type": "KubernetesRun", "cpu_limit": 3}, "cpu_limit: not text"),
        ({"type": "KubernetesRun", "image_pull_policy": "x"}, "Invalid image_pull_policy"),
        ({"type": "KubernetesRun", "job_template_path": "x", "job_template": {}}, "Cannot provide both"),
        ({"type": "ECSRun", "task_definition_path": "x", "task_definition_arn": "y"}, "Can only provide one of"),
        ({"type": "VertexRun", "worker_pool_specs": [3]}, r"worker_pool_specs\[0\]: not an object"),
    ],
)
def test_bad_json_is_refused_by_field(data, said):
    with pytest.raises(ValueError, match=said):
        RunConfig.deserialize(data)
