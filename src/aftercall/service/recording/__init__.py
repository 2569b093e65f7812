"""How facts enter the record: queue, transaction, follow-up jobs."""
