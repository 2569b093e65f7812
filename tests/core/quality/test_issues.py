from aftercall.core.quality.issues import IssueName, severity_of


def test_every_issue_has_a_severity() -> None:
    assert {severity_of(name) for name in IssueName} == {"information", "warning", "severe"}
