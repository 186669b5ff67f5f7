"""Schedules of EventBridge Scheduler: kept in step with the params file, and the runs that they start."""
