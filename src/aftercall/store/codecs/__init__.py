"""How reports are encoded at rest."""
