"""Alert rules, channels, alerts, and what rules are evaluated from."""
