"""Call quality: from a browser's counters to findings for people.

`stats` decodes and links getStats reports, `intervals` turns cumulative counters into columns of
intervals, `models` scores them, `rules` raises issues, `activity` and `comparison` put the
participants of a session side by side, `attribution` finds the origin of each issue, `diagnosis`
writes findings, `experience` rates the call for each person, and `report` combines all of it into a
verdict.
"""
