"""The protocol of a Databricks SQL warehouse: HTTPS, Thrift requests, sessions, operations."""
