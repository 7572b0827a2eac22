"""Face of ``prefect.core.collections``."""

from prefect.core.collections import Dict, List, Set, Tuple, VarArgsTask

__all__ = ["Dict", "List", "Set", "Tuple", "VarArgsTask"]
