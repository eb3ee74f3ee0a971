"""A part of the adapter suite that is quick; `make fidelity` runs all of it."""

from adapter_classes import classes
from adapter_fixtures import *  # noqa: F403

PART = (
    "BaseSimpleMaterializations", "BaseIncremental", "BaseSnapshotTimestamp", "BaseDocsGenerate",
    "BaseConstraintsRollback", "BaseMergeExcludeColumns", "BasePersistDocsCommentOnQuotedColumn",
    "BaseModelGrants", "BaseDateDiff", "BaseUnitTestCaseInsensivity",
)  # fmt: skip

globals().update(classes(PART))
