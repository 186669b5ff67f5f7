"""The params file: read, upgraded from older forms, and checked before anything is made."""

from personalize_pipeline.params.plan import plan
from personalize_pipeline.params.reading import Params, dataset_group_name, main_form, read

__all__ = ["Params", "dataset_group_name", "main_form", "plan", "read"]
