"""Local secrets by environment keep the case of their names, and of the names of their fields."""

from __future__ import annotations

import json
import os
import subprocess
import sys

CODE = """
import json
from prefect import context
from prefect.client import Secret
print(json.dumps([dict(Secret("AWS_CREDENTIALS").get()), Secret("Plain").get(), "aws_credentials" in context.secrets]))
"""


def test_a_secret_of_several_fields_is_found_under_its_name() -> None:
    given = {
        "PREFECT__CONTEXT__SECRETS__AWS_CREDENTIALS__ACCESS_KEY": "abc",
        "PREFECT__CONTEXT__SECRETS__AWS_CREDENTIALS__Secret_Key": "def",
        "PREFECT__CONTEXT__SECRETS__Plain": "text",
        "PREFECT__CLOUD__USE_LOCAL_SECRETS": "true",
    }
    done = subprocess.run(
        [sys.executable, "-c", CODE], env={**os.environ, **given}, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == [{"ACCESS_KEY": "abc", "Secret_Key": "def"}, "text", False]
