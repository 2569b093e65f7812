"""Accounts, apps, tokens, sign-ins and what each may hand in."""
