"""Runs example/glue/prepare.py on several folders in one Spark: `python spark_cases.py CASES`.

CASES is a JSON file: a list of {"format", "input", "output"}.
"""

import json
import runpy
import sys
from pathlib import Path

prepare = runpy.run_path(str(Path(__file__).parents[2] / "example" / "glue" / "prepare.py"))


def main() -> None:
    spark = prepare["session"]()
    spark.sparkContext.setLogLevel("ERROR")
    for case in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")):
        frames = prepare["FORMATS"][case["format"]](spark, case["input"])
        prepare["write"](frames, case["output"])


if __name__ == "__main__":
    main()
