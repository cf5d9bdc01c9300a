# SPDX-License-Identifier: Apache-2.0
"""The contracts in docs/api themselves: the AsyncAPI document and its schemas hold together, their examples are what they say, and
a gateway that does everything is all in them. That each message of every other test keeps them is a fixture's (conftest.py)."""
import copy
import json
import re
import subprocess
import sys

import jsonschema
import pytest

import coap
import contract
import peers

SCHEMAS = ("citygw.schema.json", "ngsi-ld.schema.json", "iota-json.schema.json")
TREE = "citygw/v1/271004/test-01/"


def parts(value, path=""):
    """Everything within a document, as (JSON pointer, value)."""
    yield path, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        yield from parts(part, f"{path}/{str(key).replace('~', '~0').replace('/', '~1')}")


def document():
    return contract.load("asyncapi.yaml")


def messages():
    return [(name, message, example["payload"]) for name, message in document()["components"]["messages"].items()
            for example in message["examples"]]


@pytest.mark.parametrize("name", ("asyncapi.yaml", *SCHEMAS))
def test_every_reference_leads_somewhere(name):
    references = {part["$ref"] for _, part in parts(contract.load(name)) if isinstance(part, dict) and "$ref" in part}
    for reference in references:
        contract.resolved(reference, name)  # or KeyError
    if name in SCHEMAS:
        jsonschema.Draft202012Validator.check_schema(contract.load(name))


def test_every_definition_is_used():
    used = {contract.resolved(part["$ref"], name)[1] + "#" + part["$ref"].partition("#")[2]
            for name in ("asyncapi.yaml", *SCHEMAS) for _, part in parts(contract.load(name)) if isinstance(part, dict) and "$ref" in part}
    for name in SCHEMAS:
        for definition in contract.load(name).get("$defs", {}):
            assert any(f"{u}/".startswith(f"{name}#/$defs/{definition}/") for u in used), f"{name}: {definition}"


def test_the_document_is_an_asyncapi_3_document():
    """Its fields by https://www.asyncapi.com/docs/reference/specification/v3.0.0, as far as we use them."""
    asyncapi = document()
    assert asyncapi["asyncapi"] == "3.0.0" and {"title", "version"} <= asyncapi["info"].keys()
    assert asyncapi.keys() <= {"asyncapi", "info", "defaultContentType", "servers", "channels", "operations", "components"}
    assert all({"host", "protocol"} <= server.keys() for server in asyncapi["servers"].values())
    for name, channel in asyncapi["channels"].items():
        assert channel.keys() <= {"address", "title", "description", "parameters", "messages"}, name
        assert set(re.findall(r"\{(\w+)\}", channel["address"])) == channel["parameters"].keys(), name
        assert channel["messages"], name
    for name, operation in asyncapi["operations"].items():
        assert operation.keys() <= {"action", "channel", "traits", "reply"} and operation["action"] in ("send", "receive"), name
    for name, trait in asyncapi["components"]["operationTraits"].items():
        mqtt = trait["bindings"]["mqtt"]
        assert mqtt["qos"] == 1 and mqtt["retain"] in (True, False) and mqtt["bindingVersion"] == "0.2.0", name
    for name, parameter in asyncapi["components"]["parameters"].items():
        assert parameter.keys() <= {"description", "enum", "default", "examples", "x-pattern"}, name
    for name, message in asyncapi["components"]["messages"].items():
        assert {"name", "title", "contentType", "payload", "examples"} <= message.keys() and message["name"] == name, name
    used = [operation["channel"]["$ref"] for operation in asyncapi["operations"].values()]
    assert sorted(used) == sorted(f"#/channels/{name}" for name in asyncapi["channels"]), "each channel has one operation"
    named = {m["$ref"].rsplit("/", 1)[1] for channel in asyncapi["channels"].values() for m in channel["messages"].values()}
    assert named == asyncapi["components"]["messages"].keys(), "each message is of a channel"


@pytest.mark.parametrize("name, message, payload", messages())
def test_an_example_is_what_its_schema_says(name, message, payload):
    schema, home = contract.resolved(message["payload"]["$ref"], "asyncapi.yaml")
    file = contract.load(home)
    consumer = jsonschema.Draft202012Validator(schema, resolver=jsonschema.RefResolver.from_schema(file))
    consumer.validate(payload)
    contract.validator(message["payload"]["$ref"]).validate(payload)
    if home == "citygw.schema.json":
        assert isinstance(payload, list) or consumer.is_valid({**payload, "a_later_version": 1}), "within v1 fields are added"
        assert name.lower().endswith("command") or jsonschema.Draft202012Validator(file).is_valid(payload), "as the file itself says"


@pytest.mark.parametrize("name, message, payload", [m for m in messages() if "citygw" in m[1]["payload"]["$ref"]])
def test_no_object_takes_what_nobody_documented(name, message, payload):
    for pointer, part in parts(payload):
        if isinstance(part, dict):
            changed = copy.deepcopy(payload)
            contract.pointed(changed, pointer)["undocumented"] = None
            assert not contract.validator(message["payload"]["$ref"]).is_valid(changed), f"{name}: {pointer}"


def test_entities_and_measures_have_no_names_but_their_schemas_and_quantities():
    for name, topic in (("entity", TREE + "parking/bay-0123"), ("measure", "/json/key/bay-0123/attrs")):
        payload = document()["components"]["messages"][name]["examples"][0]["payload"]
        assert contract.check(topic, json.dumps({**payload, "soil_temperature_c": payload.get("battery_v")}).encode())
        with pytest.raises(contract.Broken, match="nobody documented"):
            contract.check(topic, json.dumps({**payload, "mood": payload["battery_v"]}).encode())


def example_topic(channel, key, payload):
    """One that the example could stand at."""
    said = {"verb": "ping" if key == "failure" else key}
    if key in ("reading", "about"):
        said |= {"id": payload.get("alert"), **payload}

    def level(match):
        parameter, _ = contract.resolved(channel["parameters"][match[1]]["$ref"], "asyncapi.yaml")
        known = parameter.get("examples") or parameter.get("enum") or [parameter.get("default")]
        return said.get(match[1], known[0])
    return re.sub(r"\{(\w+)\}", level, channel["address"])


def test_every_example_is_of_its_channel():
    for name, channel in document()["channels"].items():
        for key, reference in channel["messages"].items():
            message, _ = contract.resolved(reference["$ref"], "asyncapi.yaml")
            for example in message["examples"]:
                if key == "measure" and example["payload"]["kind"] == "gateway" and name != "measure":
                    continue  # an alert, which is no sensor and no zone
                topic, payload = example_topic(channel, key, example["payload"]), json.dumps(example["payload"]).encode()
                assert contract.check(topic, payload, 1, False, message["contentType"]) == name
                found, parameters = contract.channel_of(topic)
                assert contract.message_of(found, parameters, example["payload"]) == message


def test_topics_are_of_one_channel():
    for topic, name in (("parking/bay-1", "parking"), ("replay/parking/bay-1", "replayedReading"), ("alert/gateway/clock", "alert"),
                        ("replay/zone/lot", "replayedZone"), ("replay/alert/crowd/plaza", "replayedAlert"), ("cmd/ping", "command")):
        assert contract.channel_of(TREE + topic)[0].name == name
        assert contract.channel_of(f"a/b/c/271004/x/{topic}")[0].name == name
    for device in ("bay-1", "zone:lot", "alert:crowd:plaza"):
        assert contract.channel_of(f"/json/key/{device}/attrs")[0].name == "measure"
    assert contract.channel_of("operator/ping") is None
    for topic in (TREE + "parked/bay-1", TREE + "parking/bay-1/more", TREE + "parking", TREE + "replay/gateway/clock", "/json/key/zone:a:b/attrs"):
        with pytest.raises(contract.Broken, match="no such channel"):
            contract.channel_of(topic)


def test_how_a_message_came_is_looked_at_too():
    bump = json.dumps(document()["components"]["messages"]["bump"]["examples"][0]["payload"]).encode()
    assert contract.check(TREE + "bump/van-1", bump, 1, False, "application/json") == "bump"
    for how in ((0, False, None), (1, True, None), (1, False, "text/plain")):
        with pytest.raises(contract.Broken):
            contract.check(TREE + "bump/van-1", bump, *how)
    for topic, payload in (("bump/van-2", bump), ("crowd/van-1", bump), ("bump/van-1", b"{"), ("bump/van-1", b"")):
        with pytest.raises(contract.Broken):
            contract.check(TREE + topic, payload)
    assert contract.check(TREE + "parking/bay-1", b"") == "parking", "emptied"


def test_the_tool_names_what_breaks_the_contract():
    status = '{"state":"online","session":"0123456789abcdef","since":"2026-11-22T03:04:05.678Z"}'
    lines = f"{TREE}status {status}\nelsewhere 1\n{TREE}status {status[:-1]},\"mood\":\"fine\"}}\n{TREE}parking/bay-1 \n"
    done = subprocess.run([sys.executable, contract.__file__], input=lines, capture_output=True, text=True, timeout=peers.WAIT)
    assert done.returncode == 1 and len(done.stdout.splitlines()) == 1 and "mood" in done.stdout, done


ALL = """
[zone:lot]
kind = parking
capacity = 3
[zone:plaza]
kind = crowd
area = 10 m2
limits = 2 4 5
hold = 0 s
[sensor:bay-1]
kind = parking
zone = lot
latitude = 34.7025
longitude = 135.4959
[sensor:gate-1]
kind = crowd
zone = plaza
[sensor:van-1]
kind = bump
[sensor:loop-1]
kind = traffic
[sensor:air-1]
kind = environment
[sensor:tank-1]
kind = generic
[mqtt:batches]
url = mqtt://127.0.0.1:{port}
topic_prefix = citygw/batches
start = oldest
batch = always
[mqtt:agent]
url = mqtt://127.0.0.1:{port}
topic_prefix = citygw/agent
start = oldest
format = iota-json
apikey = key
[mqtt:entities]
url = mqtt://127.0.0.1:{port}
topic_prefix = citygw/ld
start = oldest
format = ngsi-ld
"""
PACK = [{"n": "bay-1:occupied", "vb": True}, {"n": "bay-1:battery_v", "v": 3.61}, {"n": "gate-1:people", "v": 30},
        {"n": "van-1:peak_mps2", "v": 7.25}, {"n": "loop-1:vehicles", "v": 7}, {"n": "air-1:temperature_c", "v": -3.5},
        {"n": "air-1:soil_temperature_c", "v": 4.2}, {"n": "tank-1:tank_level_m", "v": 1.37}, {"n": "tank-1:detector", "vs": "x"}]
ELSEWHERE = {"report"}  # after midnight: clock_test.py


def test_a_gateway_that_does_everything_is_all_in_the_contract(mqtt_gateway, broker, subscriber):
    mqtt_gateway.configure(ALL.format(port=broker.port), mqtt="batch = no")
    mqtt_gateway.start()
    peers.wait_until(lambda: all(o["connected"] for o in mqtt_gateway.api("status")["outlets"]), "connected")
    assert coap.once(mqtt_gateway.coap_port, "readings", json.dumps(PACK).encode()).code == "2.04"
    assert coap.once(mqtt_gateway.coap_port, "readings", b'[{"n":"nobody:occupied","vb":true}]').code == "4.04"
    subscriber.wait(lambda s: s.last(TREE + "alert/crowd/plaza") and s.last(TREE + "zone/lot"), "what the city makes of it")

    def ask(verb, arguments):
        before = len([m for m in subscriber.messages if m.topic == f"{TREE}reply/{verb}"])
        subscriber.client.publish(f"{TREE}cmd/{verb}", json.dumps(arguments), qos=1)
        answers = subscriber.wait(lambda s: [m for m in s.messages if m.topic == f"{TREE}reply/{verb}"][before:], f"an answer to {verb}")
        return json.loads(answers[0].payload)
    for verb, message in document()["channels"]["command"]["messages"].items():
        for example in contract.resolved(message["$ref"], "asyncapi.yaml")[0]["examples"]:
            answer = ask(verb, example["payload"])
            assert answer["ok"] or answer["error"] == "not_found", (verb, example, answer)
            assert answer.get("id") == example["payload"].get("id")
    for outlet in ("mqtt", "agent", "entities"):
        assert ask("replay", {"from": "2000-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z", "outlet": outlet})["ok"]
    assert ask("dance", {})["error"] == "unknown"

    def unseen(subscriber):
        return contract.load("asyncapi.yaml")["channels"].keys() - ELSEWHERE - {
            found[0].name for m in subscriber.messages if m.payload and (found := contract.channel_of(m.topic))}
    try:
        subscriber.wait(lambda s: not unseen(s), "every channel")
    except AssertionError as error:
        raise AssertionError(f"nothing came of {unseen(subscriber)}") from error
