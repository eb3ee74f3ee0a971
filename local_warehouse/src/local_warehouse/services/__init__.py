"""The processes behind the warehouse on this machine: S3, the server, their state and settings."""
