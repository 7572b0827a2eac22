"""Tasks that read secrets: from the backend or the local context, from environment variables, from Vault."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "SecretBase": "prefect.tasks.secrets.base",
        "PrefectSecret": "prefect.tasks.secrets.base",
        "EnvVarSecret": "prefect.tasks.secrets.env_var",
    },
    rooms=("base", "env_var", "vault_secret"),
)
