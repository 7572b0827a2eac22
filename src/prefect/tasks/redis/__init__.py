"""Tasks for Redis."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        **dict.fromkeys(
            (
                "RedisExecute",
                "RedisGet",
                "RedisSet",
            ),
            "prefect.tasks.redis.redis_tasks",
        ),
    },
    rooms=("redis_tasks",),
)
