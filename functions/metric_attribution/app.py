"""MetricAttribution: count what recommendations bring about."""

from personalize_pipeline.resources.metric_attribution import MetricAttribution
from personalize_pipeline.step import step_handler

handler = step_handler(MetricAttribution)
