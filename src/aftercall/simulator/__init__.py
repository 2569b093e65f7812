"""A model of calls: people, their networks, what they say and what their browsers count."""
