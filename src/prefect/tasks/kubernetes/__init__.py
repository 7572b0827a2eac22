"""Tasks for Kubernetes."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        **dict.fromkeys(
            (
                "CreateNamespacedDeployment",
                "DeleteNamespacedDeployment",
                "ListNamespacedDeployment",
                "PatchNamespacedDeployment",
                "ReadNamespacedDeployment",
                "ReplaceNamespacedDeployment",
            ),
            "prefect.tasks.kubernetes.deployment",
        ),
        **dict.fromkeys(
            (
                "CreateNamespacedJob",
                "DeleteNamespacedJob",
                "ListNamespacedJob",
                "PatchNamespacedJob",
                "ReadNamespacedJob",
                "ReplaceNamespacedJob",
                "RunNamespacedJob",
            ),
            "prefect.tasks.kubernetes.job",
        ),
        **dict.fromkeys(
            (
                "ConnectGetNamespacedPodExec",
                "CreateNamespacedPod",
                "DeleteNamespacedPod",
                "ListNamespacedPod",
                "PatchNamespacedPod",
                "ReadNamespacedPod",
                "ReadNamespacedPodLogs",
                "ReplaceNamespacedPod",
            ),
            "prefect.tasks.kubernetes.pod",
        ),
        "KubernetesSecret": "prefect.tasks.kubernetes.secrets",
        **dict.fromkeys(
            (
                "CreateNamespacedService",
                "DeleteNamespacedService",
                "ListNamespacedService",
                "PatchNamespacedService",
                "ReadNamespacedService",
                "ReplaceNamespacedService",
            ),
            "prefect.tasks.kubernetes.service",
        ),
    },
    rooms=("client", "deployment", "job", "pod", "secrets", "service"),
)
