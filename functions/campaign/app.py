"""Campaign: serve a solution version, or move an existing campaign to a newer one."""

from personalize_pipeline.resources.campaign import Campaign
from personalize_pipeline.step import step_handler

handler = step_handler(Campaign)
