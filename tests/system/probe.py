# SPDX-License-Identifier: Apache-2.0
"""A sensor and its subscriber in a process of their own, so that a busy test does not lengthen what they measure.

For every line on the standard input it posts one reading, waits for it at the broker, and prints how long that took.
Arguments: the CoAP port, the broker's port, the sensor.
"""
import json
import sys
import time

import coap
import peers


def post_and_wait(subscriber, port, sensor, number):
    begun = time.monotonic()
    answer = coap.once(port, "readings", json.dumps([{"n": f"{sensor}:duration_s", "v": number}]).encode())
    assert answer and answer.code == "2.04", answer
    reading = subscriber.wait(
        lambda s: next((r for _, r in s.readings() if r["values"]["duration_s"] == number), None), "the reading")
    took = time.monotonic() - begun
    subscriber.forget()
    return {"took": took, "backlog": reading.get("backlog", False)}


def main(coap_port, broker_port, sensor):
    subscriber = peers.Subscriber(int(broker_port), f"+/+/+/+/parking/{sensor}")
    for number, _ in enumerate(sys.stdin, 1):
        print(json.dumps(post_and_wait(subscriber, int(coap_port), sensor, number)), flush=True)
    subscriber.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
