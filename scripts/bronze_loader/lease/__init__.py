"""One loader at a time on a schema: a lease kept in S3 by conditional writes."""
