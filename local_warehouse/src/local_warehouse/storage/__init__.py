"""Objects on S3 and files on disk, and which of them statements may use."""
