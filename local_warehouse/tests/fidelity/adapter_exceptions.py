"""Classes of the adapter suite that do not run, and those that fail; each with its reason."""

from __future__ import annotations

# Classes that hold tests for others to inherit, and cannot run alone.
ABSTRACT = {
    "BaseArrayUtils", "BaseCachingTest", "BaseConstraintsColumnsEqual", "BaseContractSqlHeader",
    "BaseDataTypeMacro", "BaseUtils", "UDAFBase",
}  # fmt: skip

_PYTHON = "Python needs a cluster"
_JAVASCRIPT = "JavaScript functions"
_HEADER = "a header is a statement of its own, and Databricks takes one at a time"
_FUNCTION = "the adapter has scalar functions only, without volatility, and does not list them"
_MISSING = "the adapter does not warn of documented columns that are not there"
_VIEWS = "materialized views"

# Classes that are not about dbt-databricks on a SQL warehouse.
NOT_FOR_DATABRICKS: dict[str, str] = {
    "BasePostgresColumnTypes": "the adapter's columns do not know that STRING is a string",
    "BasePythonModelTests": _PYTHON,
    "BasePythonIncrementalTests": _PYTHON,
    "BasePythonMetaGetTests": _PYTHON,
    "BasePythonEmptyTests": _PYTHON,
    "BasePythonSampleTests": _PYTHON,
    "BasePySparkTests": _PYTHON,
    "BasicPythonUDAF": _PYTHON,
    "PythonUDAFDefaultArgSupport": _PYTHON,
    "PythonUDFDefaultArgSupport": _PYTHON,
    "PythonUDFEntryPointRequired": _PYTHON,
    "PythonUDFNotSupported": _PYTHON,
    "PythonUDFRuntimeVersionRequired": _PYTHON,
    "PythonUDFSupported": _PYTHON,
    "PythonUDFVolatilitySupport": _PYTHON,
    "PythonUDFWithPackagesSupported": _PYTHON,
    "CatalogRelationTypes": _VIEWS,
    "MaterializedViewBasic": _VIEWS,
    "MaterializedViewChanges": _VIEWS,
    "MaterializedViewChangesApplyMixin": _VIEWS,
    "MaterializedViewChangesContinueMixin": _VIEWS,
    "MaterializedViewChangesFailMixin": _VIEWS,
    "BasicSQLUDAF": _FUNCTION,
    "CanFindScalarFunctionRelation": _FUNCTION,
    "DeterministicUDF": _FUNCTION,
    "NonDeterministicUDF": _FUNCTION,
    "StableUDF": _FUNCTION,
    "BasicJSAggregateUDF": _JAVASCRIPT,
    "BasicJSUDF": _JAVASCRIPT,
    "JSAggregateUDFVolatilityIgnored": _JAVASCRIPT,
    "JSUDFDefaultArgSupport": _JAVASCRIPT,
    "JSUDFDeterministicVolatility": _JAVASCRIPT,
    "JSUDFMultiLineBody": _JAVASCRIPT,
    "JSUDFNonDeterministicVolatility": _JAVASCRIPT,
    "JSUDFStableVolatilityWarns": _JAVASCRIPT,
    "BaseSeedConfigFullRefreshOn": "dropping a table drops no view that reads it",
    "BasePersistDocsAllColumnsMissing": _MISSING,
    "BasePersistDocsQuotedColumnCaseSensitive": _MISSING,
    "BasePersistDocsQuotedDescriptionNotAppliedOnMismatch": _MISSING,
    "BaseTableContractSqlHeader": _HEADER,
    "BaseIncrementalContractSqlHeader": _HEADER,
    "BaseGetCatalogForSingleRelation": "the adapter does not implement it",
    "BaseIncrementalBadStrategy": "the adapter names the strategies it knows before dbt looks",
    "BaseCurrentTimestampNaive": "current_timestamp has a time zone: BaseCurrentTimestampAware",
    "BaseEscapeSingleQuotesQuote": "quotes are escaped by a backslash: its other class",
    "BaseTestEmptySeedFlag": "dbt 1.11 has no `dbt seed --empty`",
    "BaseCloneNotPossible": "about adapters without clones",
    "BaseCloneSameSourceAndTarget": "a message that the adapter does not have",
}

# Classes that fail.
FAILS: dict[str, str] = {}
