"""WaitForTurn: let an earlier run on the same dataset group finish first."""

from personalize_pipeline.step import task_handler
from personalize_pipeline.wait_for_turn import wait_for_turn

handler = task_handler(wait_for_turn)
