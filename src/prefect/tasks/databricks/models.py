"""What Databricks is told of a job, as models that check their fields. Needs the package pydantic."""

from __future__ import annotations

from enum import Enum
from typing import Any

from prefect.utilities.importtools import import_needed

import_needed("pydantic", install="'proctor[databricks]'", by="The module prefect.tasks.databricks.models")

from pydantic import BaseModel, ConfigDict, Field, RootModel  # noqa: E402 - the hint above comes first


class TaskDependency(BaseModel):
    """A task that has to be done before."""

    task_key: str


class AutoScale(BaseModel):
    """How many workers a cluster has, at least and at most."""

    min_workers: int
    max_workers: int


class AwsAvailability(Enum):
    """Which machines of AWS are taken."""

    SPOT = "SPOT"
    ON_DEMAND = "ON_DEMAND"
    SPOT_WITH_FALLBACK = "SPOT_WITH_FALLBACK"


class EbsVolumeType(Enum):
    """Which disks of AWS are taken."""

    GENERAL_PURPOSE_SSD = "GENERAL_PURPOSE_SSD"
    THROUGHPUT_OPTIMIZED_HDD = "THROUGHPUT_OPTIMIZED_HDD"


class AwsAttributes(BaseModel):
    """Where and on what a cluster in AWS runs; sizes of disks in GiB."""

    first_on_demand: int | None = None
    availability: AwsAvailability | None = None
    zone_id: str | None = None
    instance_profile_arn: str | None = None
    spot_bid_price_percent: int | None = None
    ebs_volume_type: EbsVolumeType | None = None
    ebs_volume_count: int | None = None
    ebs_volume_size: int | None = None
    ebs_volume_iops: int | None = None
    ebs_volume_throughput: int | None = None


class DbfsStorageInfo(BaseModel):
    """A place in the file system of Databricks."""

    destination: str | None = None


class FileStorageInfo(BaseModel):
    """A place on the machines of the cluster."""

    destination: str | None = None


class S3StorageInfo(BaseModel):
    """A place in S3."""

    destination: str | None = None
    region: str | None = None
    endpoint: str | None = None
    enable_encryption: bool | None = None
    encryption_type: str | None = None
    kms_key: str | None = None
    canned_acl: str | None = None


class ClusterLogConf(BaseModel):
    """Where the logs of a cluster go."""

    dbfs: DbfsStorageInfo | None = None
    s3: S3StorageInfo | None = None


class InitScriptInfo(BaseModel):
    """A script that each machine runs first."""

    dbfs: DbfsStorageInfo | None = None
    file: FileStorageInfo | None = None
    S3: S3StorageInfo | None = None


class NewCluster(BaseModel):
    """A cluster made for one run; fields that are not listed are handed on."""

    model_config = ConfigDict(extra="allow")

    spark_version: str
    spark_conf: dict[Any, Any] = Field(default_factory=dict)
    node_type_id: str | None = None
    autoscale: AutoScale | None = None
    num_workers: int | None = None
    aws_attributes: AwsAttributes | None = None
    driver_node_type_id: str | None = None
    ssh_public_keys: list[str] | None = None
    custom_tags: dict[str, Any] | None = None
    cluster_log_conf: ClusterLogConf | None = None
    init_scripts: list[InitScriptInfo] | None = None
    spark_env_vars: dict[Any, Any] | None = None
    enable_elastic_disk: bool | None = None
    driver_instance_pool_id: str | None = None
    instance_pool_id: str | None = None
    policy_id: str | None = None
    data_security_mode: str | None = None
    single_user_name: str | None = None


class NotebookTask(BaseModel):
    """A notebook to run."""

    notebook_path: str
    base_parameters: dict[str, Any] | None = None


class SparkJarTask(BaseModel):
    """A class of a JAR to run."""

    main_class_name: str
    parameters: list[str] = Field(default_factory=list)


class SparkPythonTask(BaseModel):
    """A Python file to run."""

    python_file: str
    parameters: list[str] = Field(default_factory=list)


class SparkSubmitTask(BaseModel):
    """A call of spark-submit."""

    parameters: list[str]


class PipelineTask(BaseModel):
    """A pipeline of Delta Live Tables to run."""

    pipeline_id: str


class PythonWheelTask(BaseModel):
    """An entry point of a wheel to run."""

    package_name: str
    entry_point: str | None = None
    parameters: list[str] = Field(default_factory=list)


class MavenLibrary(BaseModel):
    """A library of Maven."""

    coordinates: str
    repo: str | None = None
    exclusions: list[str] = Field(default_factory=list)


class PythonPyPiLibrary(BaseModel):
    """A library of PyPI."""

    package: str
    repo: str | None = None


class RCranLibrary(BaseModel):
    """A library of CRAN."""

    package: str
    repo: str | None = None


class Library(BaseModel):
    """A library to install before the task: one of the six."""

    jar: str | None = None
    egg: str | None = None
    whl: str | None = None
    pypi: PythonPyPiLibrary | None = None
    maven: MavenLibrary | None = None
    cran: RCranLibrary | None = None


class JobEmailNotifications(BaseModel):
    """Whom Databricks writes to."""

    on_start: list[str] = Field(default_factory=list)
    on_success: list[str] = Field(default_factory=list)
    on_failure: list[str] = Field(default_factory=list)
    no_alert_for_skipped_runs: bool = False


class JobTaskSettings(BaseModel):
    """One task of a run."""

    task_key: str
    description: str | None = None
    depends_on: list[TaskDependency] = Field(default_factory=list)
    existing_cluster_id: str | None = None
    new_cluster: NewCluster | None = None
    job_cluster_key: str | None = None
    notebook_task: NotebookTask | None = None
    spark_jar_task: SparkJarTask | None = None
    spark_python_task: SparkPythonTask | None = None
    spark_submit_task: SparkSubmitTask | None = None
    pipeline_task: PipelineTask | None = None
    python_wheel_task: PythonWheelTask | None = None
    libraries: list[Library] | None = None
    email_notifications: JobEmailNotifications | None = None
    timeout_seconds: int | None = None
    max_retries: int | None = None
    min_retry_interval_millis: int | None = None
    retry_on_timeout: bool | None = None


class JobCluster(BaseModel):
    """A cluster that several tasks of a run share."""

    job_cluster_key: str
    new_cluster: NewCluster | None = None


class CanManage(Enum):
    CAN_MANAGE = "CAN_MANAGE"


class CanManageRun(Enum):
    CAN_MANAGE_RUN = "CAN_MANAGE_RUN"


class CanView(Enum):
    CAN_VIEW = "CAN_VIEW"


class IsOwner(Enum):
    IS_OWNER = "IS_OWNER"


class PermissionLevel(RootModel[CanManage | CanManageRun | CanView | IsOwner]):
    """What a user may do with a run."""


class PermissionLevelForGroup(RootModel[CanManage | CanManageRun | CanView]):
    """What a group may do with a run."""


class AccessControlRequestForUser(BaseModel):
    """What one user may do."""

    user_name: str
    permission_level: CanManage | CanManageRun | CanView | IsOwner


class AccessControlRequestForGroup(BaseModel):
    """What one group may do."""

    group_name: str
    permission_level: CanManage | CanManageRun | CanView


class AccessControlRequest(RootModel[AccessControlRequestForUser | AccessControlRequestForGroup]):
    """What a user or a group may do."""


class GitSource(BaseModel):
    """Where the code of a run comes from; fields that are not listed are handed on."""

    model_config = ConfigDict(extra="allow")

    git_url: str
    git_provider: str
    git_branch: str | None = None
    git_tag: str | None = None
    git_commit: str | None = None
