"""What several tests of aliases share: paths, calls, and reading a stream by hand."""

import json
from collections.abc import Iterator

PATH = "/api/v1/aliases"


def bind(client, alias, model="openai:gpt-4o-mini", **members):
    answer = client.post(f"{PATH}/bind", json={"alias": alias, "model": model, **members})
    assert answer.status_code == 200, answer.text
    return answer


def listed(client, profile="default", **headers):
    return client.get(PATH, params={"profile": profile}, headers=headers)


def models(client, profile="default"):
    return {alias["alias"]: alias["model"] for alias in listed(client, profile).json()}


def resolve(client, alias, profile="default"):
    answer = client.get(f"{PATH}/resolve", params={"alias": alias, "profile": profile})
    return answer.json()["model"] if answer.status_code == 200 else None


def replace(client, aliases, profile="default", **headers):
    body = [{"alias": alias, "model": model} for alias, model in aliases.items()]
    return client.post(
        f"{PATH}/bulk_upsert", params={"profile": profile, "replace": "true"}, json=body, headers=headers
    )


def stream_events(lines: Iterator[str]) -> Iterator[dict]:
    """Yield the events of a stream, each as its fields, `data` decoded."""
    fields: dict = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields[name] = json.loads(value) if name == "data" else value.strip()
        else:
            if "data" in fields:
                yield fields
            fields = {}
