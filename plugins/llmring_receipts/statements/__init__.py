"""Statements: a project's usage line by line, so that an omission or change is detectable.

They are part of this plugin because they are signed by the same key in the same canonical form, and no plugin imports
another. They read usage through the contract `UsageLines`; without a provider there are no statements.
"""
