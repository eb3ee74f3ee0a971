"""Every class of dbt-tests-adapter, through dbt-databricks, against the local warehouse."""

from adapter_classes import classes

globals().update(classes())
