"""The landing bucket: its listing, parts of its objects, and S3's errors in plain words."""
