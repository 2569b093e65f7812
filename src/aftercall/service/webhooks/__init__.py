"""Webhooks: who subscribes, what is announced, what is owed and posted."""
