"""Who attended sessions, read by session or by person, and the use of a period."""
