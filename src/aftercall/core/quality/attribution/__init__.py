"""Attribution: the origin of each issue, found by comparing the participants of a session."""
