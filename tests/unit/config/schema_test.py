#!/usr/bin/python3
"""config/schema.json against the examples and the corpus of broken configurations.

Every example must be valid. A broken configuration may be valid only if the loader's complaint is
one that JSON Schema can't express: SEMANTIC lists what such messages contain.
"""
import json
import pathlib
import re
import sys

import jsonschema
import yaml

TOP = pathlib.Path(__file__).resolve().parents[3]
SEMANTIC = [
    "aliases (*name)", "anchors (&name)", "tags (!name)", "a second document", "duplicate",
    "no port ", "no gateway ", "no vpc ", "no attachment ", "no underlay ", "no subnet ", "no route table ",
    "overlap", "host bits are set", "lies in", "contains", "which is", "is the ", "in no on-link prefix",
    "is in no", "already", "not attached", "more than its quota", "must be the same", "belongs to",
    "own address", "listed twice", "no interface", "on link of none", "all attachments or all addresses", "interfaces, and these", "not of the family", "address of", "has no address",
    "IPv6", "leading zeros", "nested more than",
    "'1500.0'",  # an integer to JSON Schema
]


class Strict(yaml.SafeLoader):
    """YAML as the language reads it: only true and false are booleans, 1_500 is text."""


Strict.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if not tag.endswith((":bool", ":int", ":timestamp"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Strict.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf"))
Strict.add_implicit_resolver("tag:yaml.org,2002:int", re.compile("^-?[0-9]+$"), list("-0123456789"))


def load(path):
    return yaml.load(path.read_bytes(), Loader=Strict)


def main():
    schema = json.loads((TOP / "config/schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    failures = []

    examples = sorted((TOP / "config/examples").glob("*.yaml"))
    for path in examples:
        failures += [f"{path.name}: {e.json_path}: {e.message}" for e in validator.iter_errors(load(path))]

    rejected = 0
    for path in sorted((TOP / "tests/unit/config/broken").glob("*.yaml")):
        try:
            document = load(path)
        except (yaml.YAMLError, UnicodeDecodeError, ValueError):
            continue  # nothing that a schema could judge
        if not validator.is_valid(document):
            rejected += 1
            continue
        lines = path.with_suffix(".expected").read_text().splitlines()
        if not all(any(s in line for s in SEMANTIC) for line in lines):
            failures.append(f"{path.name}: valid by the schema, but the loader says: {lines}")
    if len(examples) < 5:
        failures.append(f"only {len(examples)} examples found")
    if rejected < 50:
        failures.append(f"only {rejected} broken configurations are rejected")

    for failure in failures:
        print(failure)
    print(f"{len(examples)} examples checked, {rejected} broken configurations rejected by the schema")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
