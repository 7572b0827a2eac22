# Made by tools/stubs.py from the table in the module beside it.
from prefect.engine.results import azure_result as azure_result
from prefect.engine.results import constant_result as constant_result
from prefect.engine.results import gcs_result as gcs_result
from prefect.engine.results import local_result as local_result
from prefect.engine.results import prefect_result as prefect_result
from prefect.engine.results import s3_result as s3_result
from prefect.engine.results import secret_result as secret_result
from prefect.engine.results.azure_result import AzureResult as AzureResult
from prefect.engine.results.gcs_result import GCSResult as GCSResult
from prefect.engine.results.local_result import LocalResult as LocalResult
from prefect.engine.results.s3_result import S3Result as S3Result
from prefect.engine.results.secret_result import SecretResult as SecretResult
from prefect.model.result import ConstantResult as ConstantResult
from prefect.model.result import PrefectResult as PrefectResult
