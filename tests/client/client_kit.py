"""The client under test, and the key of its project."""

CLIENT = "llmring==1.4.0"
KEY = "client-project"
