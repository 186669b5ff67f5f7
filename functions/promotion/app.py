"""Promotion: decide whether a campaign may move to the new version."""

from personalize_pipeline.promotion import promotion
from personalize_pipeline.step import task_handler

handler = task_handler(promotion)
