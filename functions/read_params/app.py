"""ReadParams: read, upgrade and check the params file and the headers of its data; answer with the plan."""

from personalize_pipeline.read_params import read_params
from personalize_pipeline.step import task_handler

handler = task_handler(read_params)
