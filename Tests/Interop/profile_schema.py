#!/usr/bin/env python3
"""Judges profiles by their JSON Schema with PyPI's jsonschema.

    profile_schema.py SCHEMA FILE...

Prints one line of JSON: {"refused": {FILE: the first reason}}. The schema itself has to be valid draft 2020-12.
"""
import json
import re
import sys

import jsonschema
import yaml


class CoreLoader(yaml.SafeLoader):
    """YAML 1.2's core words, as editors read them: no sexagesimal numbers, no `on` and `off`."""


OTHER = {"tag:yaml.org,2002:int", "tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp"}
CoreLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in OTHER]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
CoreLoader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9]+$"), list("-+0123456789"))
CoreLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(true|false)$"), list("tf"))

with open(sys.argv[1]) as file:
    schema = json.load(file)
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
refused = {}
for path in sys.argv[2:]:
    with open(path) as file:
        error = jsonschema.exceptions.best_match(validator.iter_errors(yaml.load(file, CoreLoader)))
    if error:
        refused[path] = f"{error.json_path}: {error.message}"[:300]
print(json.dumps({"refused": refused}), flush=True)
