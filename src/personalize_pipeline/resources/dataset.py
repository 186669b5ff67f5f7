"""Dataset: one of each type in a dataset group. Items and Users can move to a wider schema."""

from collections.abc import Mapping, Sequence
from typing import Any

from personalize_pipeline.errors import ResourceChanged
from personalize_pipeline.params.checks.names import schema_name
from personalize_pipeline.params.places import listed
from personalize_pipeline.resources.resource import Change, Found, Resource, tail
from personalize_pipeline.resources.schema import is_replacement
from personalize_rules.schema_changes import REPLACEABLE, compare
from personalize_rules.schemas import DatasetType, Schema, parse_schema


class Dataset(Resource):
    """Named by its group and type: `dataset/movies/INTERACTIONS`, whatever its own name."""

    kind = "dataset"

    @property
    def arn(self) -> str:
        """Its ARN does not hold its name."""
        group = tail(self.context.given("dataset_group_arn")).partition("/")[2]
        return self.context.run.arn(f"dataset/{group}/{self.want['datasetType'].upper()}")

    @property
    def type(self) -> DatasetType:
        """Which of the five it is."""
        return DatasetType.parse(self.want["datasetType"])

    def describe(self) -> Found:
        """DescribeDataset."""
        shown = self.client.describe_dataset(datasetArn=self.arn)["dataset"]
        return Found.of(self.arn, shown, update=shown.get("latestDatasetUpdate"))

    def create(self) -> None:
        """CreateDataset."""
        self.client.create_dataset(
            **{
                **self.want,
                "datasetGroupArn": self.context.given("dataset_group_arn"),
                "schemaArn": self.context.given("schema_arn"),
            }
        )

    def wanted(self) -> Mapping[str, Any]:
        """Its name and its schema; group and type are in its ARN."""
        return {"name": self.name, "schemaArn": self.context.given("schema_arn")}

    def update(self, found: Found, changes: Sequence[Change]) -> None:
        """UpdateDataset: a schema with more columns, for Items and Users."""
        if [change.attribute for change in changes] != ["schemaArn"]:
            raise self.changed(found, changes)
        arns = found.settings["schemaArn"], self.context.given("schema_arn")
        old: Mapping[str, Any] = self.client.describe_schema(schemaArn=arns[0])["schema"]
        new = self._new_schema(arns[1])
        was, now = _columns(old), _columns(new)
        if reasons := list(_reasons(self.type, was, now)):
            gone = ""
            if is_replacement(new):
                gone = f" {not_kept(arns[1])}" if self._delete_schema(arns[1]) else ""  # nothing can use it
            raise self._cannot_take(found, reasons, gone)
        self.client.update_dataset(datasetArn=found.arn, schemaArn=arns[1])
        self.noted = {
            "schema": tail(arns[1]).partition("/")[2],
            "formerSchemaArn": arns[0],
            "columns": [field.name for field in compare(was, now).added],
            "ours": is_replacement(old) or old["name"] == schema_name(self.want),
        }

    def left_over(self, found: Found) -> bool:  # noqa: ARG002
        """Whether it moved to another schema, and it is not known yet what becomes of the old one."""
        return bool(self.noted and "formerSchemaArn" in self.noted and "former" not in self.noted)

    def tidy(self, found: Found) -> None:  # noqa: ARG002
        """DeleteSchema, if the old one is of the pipeline's making and no other dataset uses it."""
        noted = self.noted or {}
        if not noted["ours"]:
            former = "kept: it has a name of the params file's own choice"
        elif self._delete_schema(noted["formerSchemaArn"]):
            former = "deleted: no dataset uses it any more"
        else:
            former = "kept: another dataset uses it"
        self.noted = {**noted, "former": former}

    def details(self, found: Found) -> dict[str, Any] | None:  # noqa: ARG002
        """Which schema took the place of which."""
        return self.noted

    def ways_out(self, found: Found) -> str:
        """A dataset group holds one dataset of each type, so another name is no way out."""
        return (
            "A dataset group has one dataset of each type. Put the setting back, use another dataset group, "
            f"or delete the dataset (and its data) first:\n  {self.delete_command(found)}"
        )

    def _cannot_take(self, found: Found, reasons: Sequence[str], gone: str) -> ResourceChanged:
        lines = "\n".join(f"  {reason}" for reason in reasons)
        return ResourceChanged(
            f"{tail(found.arn)} has other columns than the schema in the params file, and Amazon Personalize "
            f"cannot take the new ones over:\n{lines}\nIt has {tail(found.settings['schemaArn'])}, which "
            f"stays.{gone} {self.ways_out(found)}"
        )

    def _new_schema(self, arn: str) -> Mapping[str, Any]:
        if self.context.schema_document:
            return {"name": tail(arn).partition("/")[2], "schema": self.context.schema_document}
        return self.client.describe_schema(schemaArn=arn)["schema"]

    def _delete_schema(self, arn: str) -> bool:
        """Whether it is gone; a dataset that uses it keeps it."""
        try:
            self.client.delete_schema(schemaArn=arn)
        except self.client.exceptions.ResourceInUseException:
            return False
        except self.client.exceptions.ResourceNotFoundException:
            pass
        return True


def not_kept(schema_arn: str) -> str:
    """What is said of a schema that was made for nothing."""
    return f"{tail(schema_arn)}, made for the new columns, is not kept."


def _columns(shown: Mapping[str, Any]) -> Schema:
    schema, _ = parse_schema(shown["schema"])
    return schema or Schema(shown["name"], ())


def _reasons(kind: DatasetType, old: Schema, new: Schema) -> list[str]:
    """Why the dataset cannot go from one to the other, column by column."""
    change = compare(old, new)
    reasons = [f"{field.name} is missing: no column can be taken away" for field in change.gone]
    for was, now in change.changed:
        differing = [
            f"{key} was {_word(getattr(was, key))}, and is {_word(getattr(now, key))}"
            for key in ("type", "nullable", "categorical", "textual", "item_name")
            if getattr(was, key) != getattr(now, key)
        ]
        reasons.append(f"{now.name} is different ({'; '.join(differing)}): no column can be changed")
    if kind not in REPLACEABLE:
        if change.added:
            names = listed([field.name for field in change.added])
            reasons.append(f"{names} is new: only Items and Users datasets can take new columns")
        return reasons
    return reasons + [
        f'{field.name} is new and does not allow null: write "type": ["{field.type}", "null"]'
        for field in change.required
    ]


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
