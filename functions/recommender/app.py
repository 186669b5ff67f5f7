"""Recommender: train and serve a use case of a domain; configure, start or stop one that exists."""

from personalize_pipeline.resources.recommender import Recommender
from personalize_pipeline.step import step_handler

handler = step_handler(Recommender)
