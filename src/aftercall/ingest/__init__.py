"""The sources' tongues: each module translates one foreign format into core events."""
