"""A Spark job for AWS Glue that turns raw data into the CSV files of the datasets.

    --format movielens|segment   what the raw data is
    --input   s3://bucket/raw/   where it lies; if left out: raw/ beside the params file
    --output  s3://bucket/       where Interactions/, Items/ and Users/ go; if left out: beside the file

`--bucket` and `--prefix` are where the params file lies: the pipeline adds them. It runs on Glue 4.0 and
later, and on any computer: `spark-submit prepare.py --format segment --input raw --output data`.

- movielens: `ratings.csv` and `movies.csv`. A rating above 1 is a `click`, one above 3 also a `watch`.
- segment: files with one JSON object per line, plain or gzip, in any sub-folders. Of these, `track` events
  with a `userId`, a product (`properties.product_id` or `productId`) and a time count. An item is as its
  latest event says.
"""

import argparse
import sys

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812  # as everybody calls it

SEGMENT = (
    "type string, userId string, event string, timestamp string, properties struct<"
    "product_id: string, productId: string, category: string, price: double, value: double>"
)
NO_GENRES = "(no genres listed)"


def movielens(spark: SparkSession, source: str) -> dict[str, DataFrame]:
    """Interactions, Items and Users out of MovieLens."""

    def table(name: str) -> DataFrame:
        return spark.read.csv(f"{source}/{name}", header=True, quote='"', escape='"', multiLine=True)

    ratings = table("ratings.csv").select(
        F.col("userId").alias("USER_ID"),
        F.col("movieId").alias("ITEM_ID"),
        F.col("rating").cast("double").alias("rating"),
        F.col("timestamp").cast("long").alias("TIMESTAMP"),
    )
    events = F.when(F.col("rating") > 3, F.array(F.lit("click"), F.lit("watch")))
    events = events.when(F.col("rating") > 1, F.array(F.lit("click"))).otherwise(F.array())
    interactions = ratings.select("USER_ID", "ITEM_ID", F.explode(events).alias("EVENT_TYPE"), "TIMESTAMP")
    year = F.regexp_extract("title", r"\((\d{4})(?:[-\u2013]\d{0,4})?\)\s*$", 1)
    items = table("movies.csv").select(
        F.col("movieId").alias("ITEM_ID"),
        F.trim("title").alias("TITLE"),
        F.when(F.col("genres") != NO_GENRES, F.col("genres")).alias("GENRE"),
        F.when(year != "", year.cast("int")).alias("YEAR"),
    )
    users = ratings.groupBy("USER_ID").agg(F.countDistinct("ITEM_ID").cast("int").alias("RATED"))
    return {"Interactions": interactions, "Items": items, "Users": users}


def segment(spark: SparkSession, source: str) -> dict[str, DataFrame]:
    """Interactions, Items and Users out of events as Segment writes them."""
    raw = spark.read.schema(SEGMENT).option("recursiveFileLookup", "true").json(source)
    product = F.coalesce("properties.product_id", "properties.productId")
    events = raw.where(F.col("type") == "track").select(
        F.col("userId").alias("USER_ID"),
        product.alias("ITEM_ID"),
        F.col("event").alias("EVENT_TYPE"),
        F.coalesce("properties.value", "properties.price").alias("EVENT_VALUE"),
        F.expr("try_cast(timestamp as timestamp)").cast("long").alias("TIMESTAMP"),
        F.col("properties.category").alias("CATEGORY"),
        F.col("properties.price").alias("PRICE"),
    )
    there = [(F.col(name).isNotNull()) & (F.col(name).cast("string") != "") for name in _NEEDED]
    for condition in there:
        events = events.where(condition)
    # The latest event of an item; of several at that time the greatest, so that it is always the same one.
    latest = F.max(F.struct("TIMESTAMP", "CATEGORY", "PRICE")).alias("latest")
    items = events.groupBy("ITEM_ID").agg(latest).select("ITEM_ID", "latest.CATEGORY", "latest.PRICE")
    day = F.floor(F.col("TIMESTAMP") / 86400)
    users = events.groupBy("USER_ID").agg(F.countDistinct(day).cast("int").alias("ACTIVE_DAYS"))
    interactions = events.select("USER_ID", "ITEM_ID", "EVENT_TYPE", "EVENT_VALUE", "TIMESTAMP")
    return {"Interactions": interactions, "Items": items, "Users": users}


_NEEDED = ("USER_ID", "ITEM_ID", "EVENT_TYPE", "TIMESTAMP")
FORMATS = {"movielens": movielens, "segment": segment}


def write(frames: dict[str, DataFrame], target: str) -> None:
    """Write each data set as CSV files with headers into its folder; what was there is replaced."""
    for word, frame in frames.items():
        frame.write.mode("overwrite").csv(f"{target}/{word}", header=True, quote='"', escape='"')


def session() -> SparkSession:
    """Spark, with times in UTC and without the marker file, which is no data."""
    return (
        SparkSession.builder.appName("prepare")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs", "false")
        .getOrCreate()
    )


def main(arguments: list[str]) -> None:
    """Run the job."""
    parser = argparse.ArgumentParser(description="Turn raw data into the CSV files of the datasets.")
    parser.add_argument("--format", choices=sorted(FORMATS), required=True)
    parser.add_argument("--input")
    parser.add_argument("--output")
    parser.add_argument("--bucket")
    parser.add_argument("--prefix", default="")
    given, _ = parser.parse_known_args(arguments)  # Glue gives more: --JOB_NAME, --TempDir
    beside = f"s3://{given.bucket}/{given.prefix}".rstrip("/") if given.bucket else None
    source, target = given.input or (beside and f"{beside}/raw"), given.output or beside
    if not source or not target:
        parser.error("--input and --output, or --bucket, must be given")
    write(FORMATS[given.format](session(), source.rstrip("/")), target.rstrip("/"))


if __name__ == "__main__":
    main(sys.argv[1:])
