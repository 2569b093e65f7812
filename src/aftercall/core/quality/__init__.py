"""Quality of calls, from what browsers count to sentences for people.

`intervals` makes columns of cumulative reports, `models` scores them, `rules` raises issues,
`attribution` compares the participants of a session and tells whose trouble it was. `report`
puts all of it together into a verdict; the rest gives the verdict the forms it is served in.
"""
