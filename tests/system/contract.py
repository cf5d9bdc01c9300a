# SPDX-License-Identifier: Apache-2.0
"""What docs/api promises of every message: which channel a topic is, which of its messages a payload, and its schema.

    mosquitto_sub -h BROKER -v -t 'citygw/v1/#' | python3 tests/system/contract.py

prints what breaks the contract, and ends with 1 when anything did.
"""
import collections
import functools
import json
import pathlib
import re
import sys
import urllib.parse

import jsonschema
import yaml

API = pathlib.Path(__file__).resolve().parents[2] / "docs/api"
ID = "[A-Za-z0-9_.-]{1,64}"


class Broken(AssertionError):
    """A message that is not as docs/api says."""


@functools.cache
def load(name):
    text = (API / name).read_text(encoding="utf-8")
    return json.loads(text) if name.endswith(".json") else yaml.load(text, yaml.CSafeLoader)


def pointed(document, pointer):
    """What a JSON pointer ("/channels/status") leads to."""
    for part in filter(None, urllib.parse.unquote(pointer).split("/")):
        document = document[int(part) if isinstance(document, list) else part.replace("~1", "/").replace("~0", "~")]
    return document


def resolved(reference, home):
    """(what a $ref leads to, the name of its file)"""
    name, _, pointer = reference.partition("#")
    name = name.removeprefix("./") or home
    return pointed(load(name), pointer), name


def strict(schema, home):
    """The schema as the gateway itself must keep it, without references: every object that says what it has, has nothing
    else. Consumers are told to ignore what they do not know; we are told by it what nobody has written down."""
    if isinstance(schema, list):
        return [strict(part, home) for part in schema]
    if not isinstance(schema, dict):
        return schema
    own = {key: strict(part, home) for key, part in schema.items() if key not in ("$ref", "$defs")}
    if own.get("type") == "object" and "properties" in own:
        own.setdefault("additionalProperties", False)
    if "$ref" not in schema:
        return own
    target = strict(*resolved(schema["$ref"], home))
    return {"allOf": [target, own]} if own.keys() - {"description"} else target


@functools.cache
def validator(reference):
    schema = strict(*resolved(reference, "asyncapi.yaml"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def explain(error):
    """The deepest of what is wrong, in one line."""
    worst = jsonschema.exceptions.best_match([error])
    return f"{worst.json_path}: {worst.message[:300]}"


Channel = collections.namedtuple("Channel", "name pattern messages qos retains")


def _pattern(address, parameters):
    """The topics of an address. A parameter without words or a pattern of its own is an id."""
    def group(match):
        parameter = parameters[match[1]]
        if "$ref" in parameter:
            parameter, _ = resolved(parameter["$ref"], "asyncapi.yaml")
        words = "|".join(map(re.escape, parameter.get("enum", [])))
        return f"(?P<{match[1]}>{words or parameter.get('x-pattern', ID)})"
    return re.compile(re.sub(r"\{(\w+)\}", group, re.sub(r"[.+?]", r"\\\g<0>", address)))


def _bindings(document, name):
    """(QoS, whether its messages may be retained) by the operation that sends or receives them."""
    operation = next(o for o in document["operations"].values() if o["channel"]["$ref"] == f"#/channels/{name}")
    traits = [resolved(trait["$ref"], "asyncapi.yaml")[0] for trait in operation.get("traits", [])]
    mqtt = next(part["bindings"]["mqtt"] for part in [operation, *traits] if "bindings" in part)
    return mqtt["qos"], mqtt["retain"]


@functools.cache
def channels():
    document = load("asyncapi.yaml")
    return [Channel(name, _pattern(channel["address"], channel["parameters"]),
                    {key: resolved(m["$ref"], "asyncapi.yaml")[0] for key, m in channel["messages"].items()},
                    *_bindings(document, name))
            for name, channel in document["channels"].items()]


@functools.lru_cache(1 << 16)
def channel_of(topic):
    """(channel, its parameters), or None for what is no gateway's. Broken when it stands where a gateway's do, but is no channel."""
    found = [(channel, match.groupdict()) for channel in channels() if (match := channel.pattern.fullmatch(topic))]
    if len(found) > 1:
        raise Broken(f"{topic} is of several channels: {[channel.name for channel, _ in found]}")
    if not found and re.search(r"^/json/|/\d{6}/[a-z0-9-]{1,32}/.", topic):
        raise Broken(f"{topic}: docs/api/asyncapi.yaml has no such channel")
    return found[0] if found else None


def message_of(channel, parameters, payload):
    """Which of a channel's messages it is: a failure, of another format, by its verb, or the first."""
    key = None
    if isinstance(payload, dict):
        marks = {"@context": "entity", "TimeInstant": "measure"}
        key = "failure" if payload.get("ok") is False else next((marks[field] for field in marks if field in payload), None)
    key = key or parameters.get("verb")
    return channel.messages.get(key) or next(iter(channel.messages.values()))


def check(topic, payload, qos=None, retained=False, content_type=None):
    """The name of the channel that the message is of, None when it is of no gateway. Broken when it breaks the contract.
    What is not known of how it came (`qos` and the rest) is not looked at."""
    found = channel_of(topic)
    if not found:
        return None
    channel, parameters = found
    if qos not in (None, channel.qos) or (retained and not channel.retains):
        raise Broken(f"{topic}: came with QoS {qos}{', retained' * retained}; {payload[:200]!r}")
    if payload == b"" and (channel.retains or channel.name == "command"):  # emptied; without arguments
        return channel.name
    try:
        value = json.loads(payload)
    except ValueError as error:
        raise Broken(f"{topic}: no JSON: {error}: {payload[:200]!r}") from None
    message = message_of(channel, parameters, value)
    if content_type not in (None, message["contentType"]):
        raise Broken(f"{topic}: its content type is {content_type}")
    error = next(validator(message["payload"]["$ref"]).iter_errors(value), None)
    if error:
        raise Broken(f"{topic}: {explain(error)}; {message['payload']['$ref']}: {payload[:300]!r}")
    if not message["payload"]["$ref"].startswith("./citygw"):
        _named(topic, load(message["payload"]["$ref"].removeprefix("./")), value)
    _agree(topic, parameters, value)
    return channel.name


def names_of(schema):
    """What a schema of the other formats names: for every kind, and for some."""
    parts = [*schema.get("allOf", []), *([schema["then"]] if "then" in schema else [])]
    return set(schema.get("properties", {})).union(*map(names_of, parts))


@functools.cache
def is_quantity(name):
    """Whether it may stand among a reading's values."""
    kinds = [load("citygw.schema.json")["$defs"][kind] for kind in ("values", "alert_values", "parking_zone_values", "crowd_zone_values")]
    return any(name in kind["properties"] or any(re.search(p, name) for p in kind.get("patternProperties", ())) for kind in kinds)


def _named(topic, schema, value):
    """An entity or a measure takes any name, so that it can have every quantity; we know which there are."""
    unknown = [name for name in value.keys() - names_of(schema) if not is_quantity(name)]
    if unknown:
        raise Broken(f"{topic}: nobody documented {unknown}")


def _agree(topic, parameters, value):
    """What stands in the topic as well as in the payload is the same."""
    for name, field in (("kind", "kind"), ("sensor", "sensor"), ("zone", "zone"), ("id", "alert")):
        if name in parameters and isinstance(value, dict) and value.get(field, parameters[name]) != parameters[name]:
            raise Broken(f"{topic}: the payload says {field} {value[field]}")


# What subscribers were given: each different message once.
arrived = set()


def note(message, topic=None):
    """A subscriber was given this; `topic` is what it stands for when that is another than it came at."""
    content_type = getattr(message.properties, "ContentType", None) if message.properties else None
    arrived.add((topic or message.topic, message.payload, message.qos, bool(message.retain), content_type))


def check_arrived(but=()):
    """Broken when any of what was noted breaks the contract, but for topics that end in one of `but`; tells the first few."""
    broken = []
    for topic, *message in arrived:
        try:
            if not topic.endswith(tuple(but)):
                check(topic, *message)
        except Broken as error:
            broken.append(str(error))
    arrived.clear()
    if broken:
        raise Broken(f"{len(broken)} messages break docs/api, such as:\n" + "\n".join(sorted(broken)[:5]))


def main():
    broken = 0
    for line in sys.stdin.buffer:
        topic, _, payload = line.rstrip(b"\n").partition(b" ")
        try:
            check(topic.decode(), payload)
        except Broken as error:
            broken += 1
            print(error)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
