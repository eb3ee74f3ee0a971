"""The engine that computes: Sail or another Spark Connect server, and the life of its processes."""
