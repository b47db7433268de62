"""The keys of this deployment: settings, table and keyring."""
