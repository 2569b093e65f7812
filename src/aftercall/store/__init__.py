"""SQL, on SQLite and PostgreSQL from one schema."""
