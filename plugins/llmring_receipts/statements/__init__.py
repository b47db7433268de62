"""Statements: what a project used in a month, line by line, so that nothing can be left out or changed afterwards.

They live with receipts and not in a plugin of their own, because they are signed by the same key in the same canonical
form, and no plugin imports another. Usage they know by the contract `UsageLines`; without a provider there are none.
`document`, `lines` and `totals` are pure: whoever checks a statement offline imports them alone.
"""
