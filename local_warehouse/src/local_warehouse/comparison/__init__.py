"""Questions that other warehouses are asked too, Apache Spark and workspaces, and what differs."""
