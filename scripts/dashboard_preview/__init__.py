"""Renders an AI/BI dashboard (.lvdash.json) from a SQL warehouse: page and pictures."""
