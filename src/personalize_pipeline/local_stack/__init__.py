"""The local AWS: MiniStack and Personalize Local, side by side, started and stopped as one.

Everything lives in one folder (`.personalize/` in the working directory, or PERSONALIZE_HOME): MiniStack's
own Python environment, and one folder per stack with its ports, processes, logs and data.
"""
