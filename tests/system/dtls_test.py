# SPDX-License-Identifier: Apache-2.0
"""CoAP over DTLS with pre-shared keys, as libcoap's own clients speak it: over OpenSSL and over GnuTLS."""
import json
import socket
import subprocess

import pytest

import peers

SENSORS = """
[sensor:bay-1]
kind = parking
psk_identity = kerb-1
[sensor:bay-2]
kind = parking
psk_identity = kerb-2
[sensor:open-1]
kind = parking
"""
KEYS = "[psk]\nkerb-1 = 736563726574\nkerb-2 = 6f74686572\n"  # "secret" and "other"


@pytest.fixture
def secure(mqtt_gateway):
    keys = mqtt_gateway.folder / "psk.ini"
    keys.write_text(KEYS)
    keys.chmod(0o600)
    mqtt_gateway.dtls_port = peers.free_port(socket.SOCK_DGRAM)
    mqtt_gateway.configure(SENSORS, coap=f"dtls_listen = 127.0.0.1:{mqtt_gateway.dtls_port}\npsk_file = {keys}")
    mqtt_gateway.start()
    return mqtt_gateway


def post(gateway, flavour, identity, key, path="readings/bay-1", payload="true", wait=5):
    """The client's words: a code such as 4.03, or nothing when no session came about."""
    done = subprocess.run([f"coap-client-{flavour}", "-m", "post", "-t", "0", "-e", payload, "-u", identity, "-k", key, "-B", str(wait),
                           "-v", "6", f"coaps://127.0.0.1:{gateway.dtls_port}/{path}"],
                          capture_output=True, text=True, timeout=peers.WAIT)
    return done.stdout + done.stderr


@pytest.mark.parametrize("flavour", ["openssl", "gnutls"])
def test_an_identity_reports_the_sensor_that_names_it(secure, subscriber, flavour):
    assert "2.04" in post(secure, flavour, "kerb-1", "secret")
    subscriber.wait(lambda s: s.last("parking/bay-1"), "the reading")
    reading = json.loads(subscriber.last("parking/bay-1").payload)
    assert reading["values"] == {"occupied": True} and "authenticated" not in reading


@pytest.mark.parametrize("flavour", ["openssl", "gnutls"])
def test_an_identity_reports_no_other_sensor(secure, flavour):
    assert "4.03" in post(secure, flavour, "kerb-2", "other")
    assert "4.03" in post(secure, flavour, "kerb-1", "secret", "readings/open-1")
    assert secure.metrics()['citygw_readings_refused_total{source="coap",reason="identity"}'] == 2
    assert secure.metrics()["citygw_readings_committed_total"] == 0


@pytest.mark.parametrize("flavour", ["openssl", "gnutls"])
def test_a_wrong_key_or_an_unknown_identity_gets_no_session(secure, flavour):
    for identity, key in (("kerb-1", "wrong"), ("nobody", "secret"), ("", "secret")):
        said = post(secure, flavour, identity, key, wait=2)
        assert "2.04" not in said and "4.0" not in said
    assert secure.metrics()["citygw_coap_unknown_identities_total"] >= 1
    assert secure.metrics()["citygw_readings_committed_total"] == 0
    assert "2.04" in post(secure, flavour, "kerb-1", "secret")


def test_over_plain_coap_nobody_reports_a_sensor_that_names_an_identity(secure):
    def plain(path):
        return subprocess.run(["coap-client-notls", "-m", "post", "-t", "0", "-e", "true", "-v", "6",
                               f"coap://127.0.0.1:{secure.coap_port}/{path}"], capture_output=True, text=True, timeout=peers.WAIT).stdout
    assert "4.03" in plain("readings/bay-1") and "2.04" in plain("readings/open-1")


def test_unfinished_handshakes_keep_nobody_out(secure):
    """More ClientHellos without an answer to their cookie than libcoap takes by itself."""
    hello = bytes.fromhex("fefd") + bytes(32) + bytes.fromhex("00" "00" "0002c0a8" "0100")  # no session, no cookie, one suite
    size = len(hello).to_bytes(3, "big")
    handshake = b"\x01" + size + bytes(2) + bytes(3) + size + hello
    record = bytes.fromhex("16feff") + bytes(8) + len(handshake).to_bytes(2, "big") + handshake
    strangers = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(300)]
    for stranger in strangers:
        stranger.sendto(record, ("127.0.0.1", secure.dtls_port))
    assert "2.04" in post(secure, "openssl", "kerb-1", "secret")
    for stranger in strangers:
        stranger.close()


def test_a_file_of_keys_that_others_may_read_stops_the_start(mqtt_gateway):
    keys = mqtt_gateway.folder / "psk.ini"
    keys.write_text(KEYS)
    keys.chmod(0o644)
    mqtt_gateway.configure(SENSORS, coap=f"psk_file = {keys}")
    done = mqtt_gateway.tool("check", mqtt_gateway.config)
    assert done.returncode == 1 and "psk_file" in done.stdout + done.stderr and "0600" in done.stdout + done.stderr


def test_a_sensor_without_a_key_is_disabled_and_told(mqtt_gateway):
    keys = mqtt_gateway.folder / "psk.ini"
    keys.write_text("[psk]\nkerb-1 = 736563726574\n")
    keys.chmod(0o600)
    mqtt_gateway.configure(SENSORS, coap=f"psk_file = {keys}")
    done = mqtt_gateway.tool("check", mqtt_gateway.config)
    said = done.stdout + done.stderr
    assert done.returncode == 1 and "[sensor:bay-2] psk_identity" in said and "[sensor:bay-1]" not in said
