"""Alert rules over a real database."""

from tests.service.alerts.alert_harness import alerts as alerts
from tests.service.alerts.alert_harness import receiver as receiver
