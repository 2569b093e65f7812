"""OpenTelemetry: traces and metrics that leave."""
