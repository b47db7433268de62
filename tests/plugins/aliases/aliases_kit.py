"""Shared by the tests of aliases: paths, calls, and parsing a stream."""

import json
from collections.abc import Iterator

PATH = "/api/v1/aliases"


def bind(client, alias, model="openai:gpt-4o-mini", **members):
    response = client.post(f"{PATH}/bind", json={"alias": alias, "model": model, **members})
    assert response.status_code == 200, response.text
    return response


def list_aliases(client, profile="default", **headers):
    return client.get(PATH, params={"profile": profile}, headers=headers)


def models(client, profile="default"):
    return {alias["alias"]: alias["model"] for alias in list_aliases(client, profile).json()}


def resolve(client, alias, profile="default"):
    response = client.get(f"{PATH}/resolve", params={"alias": alias, "profile": profile})
    return response.json()["model"] if response.status_code == 200 else None


def replace(client, aliases, profile="default", **headers):
    body = [{"alias": alias, "model": model} for alias, model in aliases.items()]
    return client.post(
        f"{PATH}/bulk_upsert", params={"profile": profile, "replace": "true"}, json=body, headers=headers
    )


def stream_events(lines: Iterator[str]) -> Iterator[dict]:
    """Yield the events of a stream as dictionaries of their fields, with `data` decoded."""
    fields: dict = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields[name] = json.loads(value) if name == "data" else value.strip()
        else:
            if "data" in fields:
                yield fields
            fields = {}
