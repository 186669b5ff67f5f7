"""EventTracker: take live events from before training starts."""

from personalize_pipeline.resources.event_tracker import EventTracker
from personalize_pipeline.step import step_handler

handler = step_handler(EventTracker)
