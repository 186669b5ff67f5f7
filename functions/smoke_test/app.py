"""SmokeTest: ask a campaign or a recommender that is live, as an application would."""

from personalize_pipeline.smoke_test import smoke_test
from personalize_pipeline.step import task_handler

handler = task_handler(smoke_test)
