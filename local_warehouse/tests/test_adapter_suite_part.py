"""A part of the adapter suite that is quick; `tests/fidelity` has all of it."""

from adapter_classes import classes
from adapter_fixtures import *  # noqa: F403

PART = (
    "BaseSimpleMaterializations", "BaseIncremental", "BaseSnapshotTimestamp", "BaseDocsGenerate",
    "BaseConstraintsRollback", "BaseMergeExcludeColumns", "BasePersistDocsCommentOnQuotedColumn",
    "BaseModelGrants", "BaseDateDiff", "BaseUnitTestCaseInsensivity",
)  # fmt: skip

globals().update(classes(PART))
