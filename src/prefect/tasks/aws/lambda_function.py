"""Functions of AWS Lambda."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect._lazy import lazy
from prefect.tasks.aws.client import AwsTask


class LambdaCreate(
    AwsTask,
    init="function_name runtime role handler zip_file bucket bucket_key object_version description function_timeout "
    "memorysize publish subnet_ids security_group_ids dead_letter_config environment_variables kms_key_arn "
    "function_tags tracing_config layers boto_kwargs",
    run="credentials",
):
    """Creates a function.

    Args:
        role: ARN of the role that the function has.
        zip_file: path of the archive with the code; or else ``bucket``, ``bucket_key``, ``object_version`` of one.
        function_timeout: seconds; memorysize: MB.
        publish: make its first version.
        dead_letter_config: ``{"TargetArn": ...}``.
        tracing_config: ``Active`` or ``PassThrough``.
    """

    function_name: str
    runtime: str
    role: str
    handler: str
    zip_file: str | None = None
    bucket: str = ""
    bucket_key: str = ""
    object_version: str | None = None
    description: str = ""
    function_timeout: int = 3
    memorysize: int = 128
    publish: bool = True
    subnet_ids: list[str] | None = None
    security_group_ids: list[str] | None = None
    dead_letter_config: dict[str, str] | None = None
    environment_variables: dict[str, str] | None = None
    kms_key_arn: str = ""
    function_tags: dict[str, str] | None = None
    tracing_config: str = "PassThrough"
    layers: list[str] | None = None

    def work(self) -> dict[str, Any]:
        """Create the function and give the answer of AWS."""
        network: dict[str, Any] = {"SubnetIds": self.subnet_ids, "SecurityGroupIds": self.security_group_ids}
        answer: dict[str, Any] = self.aws("lambda").create_function(
            FunctionName=self.function_name,
            Runtime=self.runtime,
            Role=self.role,
            Handler=self.handler,
            Code=self._code(),
            Description=self.description,
            Timeout=self.function_timeout,
            MemorySize=self.memorysize,
            Publish=self.publish,
            VpcConfig={name: ids for name, ids in network.items() if ids},
            DeadLetterConfig=self.dead_letter_config or {},
            Environment={"Variables": self.environment_variables or {}},
            KMSKeyArn=self.kms_key_arn,
            TracingConfig={"Mode": self.tracing_config},
            Tags=self.function_tags or {},
            Layers=self.layers or [],
        )
        return answer

    def _code(self) -> dict[str, Any]:
        if self.zip_file:
            return {"ZipFile": Path(self.zip_file).read_bytes()}
        code = {"S3Bucket": self.bucket, "S3Key": self.bucket_key}
        return {**code, "S3ObjectVersion": self.object_version} if self.object_version else code


class LambdaDelete(AwsTask, init="function_name qualifier boto_kwargs", run="credentials"):
    """Deletes a function, or one version of it.

    Args:
        qualifier: the version; absent means the function with all of them.
    """

    function_name: str
    qualifier: str = ""

    def work(self) -> dict[str, Any]:
        """Delete the function and give the answer of AWS."""
        version = {"Qualifier": self.qualifier} if self.qualifier else {}
        answer: dict[str, Any] = self.aws("lambda").delete_function(FunctionName=self.function_name, **version)
        return answer


class LambdaInvoke(
    AwsTask,
    init="function_name invocation_type log_type client_context payload qualifier boto_kwargs",
    run="function_name= payload credentials",
):
    """Calls a function.

    Args:
        invocation_type: ``RequestResponse``, ``Event`` (without waiting) or ``DryRun``.
        log_type: ``Tail``: the answer has the end of the log.
        client_context: what the function finds as ``context.client_context.custom``.
        payload: JSON text, or bytes of it.
        qualifier: version or alias.
    """

    function_name: str
    invocation_type: str = "RequestResponse"
    log_type: str = "None"
    client_context: dict[str, Any] | None = None
    payload: Any = "null"
    qualifier: str = "$LATEST"

    def work(self) -> dict[str, Any]:
        """Call the function and give the answer of AWS, its ``Payload`` to be read.

        Raises:
            botocore.exceptions.ClientError: there is none, or it may not be called.
        """
        known = {"custom": None, "env": None, "client": None, **(self.client_context or {})}
        answer: dict[str, Any] = self.aws("lambda").invoke(
            FunctionName=self.function_name,
            InvocationType=self.invocation_type,
            LogType=self.log_type,
            ClientContext=base64.b64encode(json.dumps(known).encode()).decode(),
            Payload=self.payload if isinstance(self.payload, (str, bytes)) else json.dumps(self.payload),
            Qualifier=self.qualifier,
        )
        return answer


class LambdaList(AwsTask, init="master_region function_version marker max_items boto_kwargs", run="credentials"):
    """Lists functions.

    Args:
        marker: where the list goes on, from the answer before.
        max_items: in one answer, at most 10,000.
    """

    master_region: str = "ALL"
    function_version: str = "ALL"
    marker: str | None = None
    max_items: int = 50

    def work(self) -> dict[str, Any]:
        """List the functions: the answer of AWS."""
        since = {"Marker": self.marker} if self.marker else {}
        answer: dict[str, Any] = self.aws("lambda").list_functions(
            MasterRegion=self.master_region, FunctionVersion=self.function_version, MaxItems=self.max_items, **since
        )
        return answer


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "get_boto_client": "prefect.utilities.aws",
        },
    )
