// SPDX-License-Identifier: Apache-2.0
#include "codec_check.h"

/*
 * Frames of real sensors, as their makers or those who read them publish them (marked P) or made after the layout (M).
 * A new codec's vectors are rows here.
 */

static struct codec_run run;

static const struct vector {
    const char *codec;
    unsigned port;
    const char *hex;
    const char *told; // "" for a refusal, of which `refusal` is the gate
    enum refusal refusal;
} vectors[] = {
    // P: info, keep-alive and start of a Libelium
    {"libelium-parking", 0, "80041E01AD109393EE00C7",
     "occupied - vb=true\nframe count v=4\ntemperature_c Cel v=30\nmagnetic_x - v=429\nmagnetic_y - v=4243\nmagnetic_z "
     "- v=37870\n"
     "battery_v V v=3.596\n",
     0},
    {"libelium-parking", 0, "8114160011F35A1095F3B5",
     "occupied - vb=true\nframe count v=20\ntemperature_c Cel v=17\nmagnetic_x - v=62298\nmagnetic_y - "
     "v=4245\nmagnetic_z - v=62389\n",
     0},
    {"libelium-parking", 0, "04001E0E7CF2D9F91E0DDF",
     "occupied - vb=false\nframe count v=0\ntemperature_c Cel v=30\nmagnetic_x - v=3708\nmagnetic_y - "
     "v=62169\nmagnetic_z - v=63774\n"
     "battery_v V v=3.551\n",
     0},
    // M: an error below zero, the daily frame, no such type, one byte less
    {"libelium-parking", 0, "0301FFF6000100020003C8",
     "occupied - vb=false\nframe count v=1\ntemperature_c Cel v=-10\nmagnetic_x - v=1\nmagnetic_y - v=2\nmagnetic_z - "
     "v=3\nbattery_v V "
     "v=3.6\n",
     0},
    {"libelium-parking", 0, "8201000000000000000000", "occupied - vb=true\nframe count v=1\n", 0},
    {"libelium-parking", 0, "8904000000000000000000", "", REFUSAL_SYNTAX},
    {"libelium-parking", 0, "80041E01AD109393EE00", "", REFUSAL_SYNTAX},

    {"bosch-parking", 1, "01", "occupied - vb=true\n", 0},
    {"bosch-parking", 2, "00F6", "occupied - vb=false\ntemperature_c Cel v=-10\n", 0},
    {"bosch-parking", 0, "0115", "occupied - vb=true\ntemperature_c Cel v=21\n", 0},
    {"bosch-parking", 3, "0000000000000000000000000102030401", "occupied - vb=true\n", 0},
    {"bosch-parking", 0, "0000000000000000000000000102030400", "occupied - vb=false\n", 0},
    {"bosch-parking", 5, "0000000001", "", REFUSAL_UNKNOWN_FIELD},
    {"bosch-parking", 7, "01", "", REFUSAL_UNKNOWN_FIELD},
    {"bosch-parking", 1, "010203", "", REFUSAL_SYNTAX},

    {"nwave-parking", 1, "01", "occupied - vb=true\nduration_s s v=0\n", 0},
    {"nwave-parking", 0, "B2", "occupied - vb=false\nduration_s s v=5340\n", 0},  // 89 min
    {"nwave-parking", 1, "B5", "occupied - vb=true\nduration_s s v=5400\n", 0},   // code 90: 90 min
    {"nwave-parking", 1, "EE", "occupied - vb=false\nduration_s s v=14100\n", 0}, // code 119: 235 min
    {"nwave-parking", 1, "FD", "occupied - vb=true\nduration_s s v=36000\n", 0},  // code 126: 600 min
    {"nwave-parking", 1, "FF", "occupied - vb=true\n", 0},
    {"nwave-parking", 2, "01FFEC", "occupied - vb=true\nbattery_v V v=3.52\ntemperature_c Cel v=0\n", 0},
    {"nwave-parking", 0, "002C15", "occupied - vb=false\nbattery_v V v=2.676\ntemperature_c Cel v=20.5\n", 0},
    {"nwave-parking", 10, "01020304", "", REFUSAL_UNKNOWN_FIELD},
    {"nwave-parking", 2, "0102", "", REFUSAL_SYNTAX},

    {"tekzitel-parking", 1, "A1F605", "occupied - vb=true\ntemperature_c Cel v=-10\n", 0},
    {"tekzitel-parking", 2, "2015050AF67F",
     "occupied - vb=false\ntemperature_c Cel v=21\nmagnetic_x - v=10\nmagnetic_y - v=-10\nmagnetic_z - v=127\n", 0},
    {"tekzitel-parking", 3, "A1F605", "", REFUSAL_UNKNOWN_FIELD},
    {"tekzitel-parking", 1, "A1F6", "", REFUSAL_SYNTAX},

    // P: the values that Milesight prints (1 %, 12.5 degC, out of range, upright)
    {"milesight-em400", 0, "01750103677D000482FDFF050000",
     "battery_pct %EL v=1\ntemperature_c Cel v=12.5\ntilted - vb=false\n", 0},
    // M: the same behind a header: length 95, serial number, IMEI, IMSI and ICCID, signal 20, 14 bytes of values
    {"milesight-em400", 0,
     "020001005F000001013031303131313030363431324230303030303030303030313836343634383034303030303030313434"
     "30303030303030303030303030383938313030303030303030303030303030303014000E01750103677D000482FDFF050000",
     "frame count v=1\nrssi_dbm dBm v=-73\nbattery_pct %EL v=1\ntemperature_c Cel v=12.5\ntilted - vb=false\n", 0},
    {"milesight-em400", 0, "8482D20401836738FF01", "distance_m m v=1.234\ntemperature_c Cel v=-20\n", 0},
    {"milesight-em400", 0, "068840420F00C0BDF0FF01", "longitude lon v=1\nlatitude lat v=-1\n", 0},
    {"milesight-em400", 0, "0482D2", "", REFUSAL_SYNTAX},
    {"milesight-em400", 0, "0999D204", "", REFUSAL_SYNTAX},
    {"milesight-em400", 0, "020001005F", "", REFUSAL_SYNTAX},

    // M: LwM2M TLV; what stands as a port is the object. A state, a duration of two bytes; the same in an instance, with a time
    {"lwm2m-tlv", 3431, "C10101C2020258", "3431/0/1 - vb=true\n3431/0/2 - v=600\n", 0},
    {"lwm2m-tlv", 3431, "080102C10100E4158E69210C45E417A23F000000", "", REFUSAL_SYNTAX},
    {"lwm2m-tlv", 3431, "08021108C10100E4158E69210C45E417A23F000000", "", REFUSAL_SYNTAX},
    {"lwm2m-tlv", 3431, "080211C10100E4158E69210C45E417A23F000000", "3431/2/1 - vb=false @1763773509500000\n", 0},
    {"lwm2m-tlv", 3434, "C1012AC403FFFFFFFE", "3434/0/1 - v=42\n3434/0/3 - v=-2\n", 0},
    {"lwm2m-tlv", 3303, "E4164441BC0000", "3303/0/5700 - v=23.5\n", 0},
    {"lwm2m-tlv", 3330, "E816440840091EB851EB851F", "3330/0/5700 - v=3.14\n", 0},
    {"lwm2m-tlv", 3431, "C105FFE11A0001", "", 0},      // resources that nobody reads
    {"lwm2m-tlv", 3431, "C10102", "", REFUSAL_SYNTAX}, // no boolean
    {"lwm2m-tlv", 3431, "C30101", "", REFUSAL_SYNTAX},
    {"lwm2m-tlv", 3303, "E416447FC00000", "", REFUSAL_SYNTAX}, // not a number

    // M: Efento. Two channels of two samples, 60 s apart; the cloud token is passed over
    {"efento", 0,
     "0A06282C02424EED1001183C 220F08011080E2CFAA0620AE032A020005 220E08021080E2CFAA06205A2A020002 "
     "3828400182010F343930313534323033323337353138",
     "282c02424eed:temperature_c Cel v=21.5 @1700000000000000\n"
     "282c02424eed:temperature_c Cel v=21.2 @1700000060000000\n"
     "282c02424eed:humidity_pct %RH v=45 @1700000000000000\n"
     "282c02424eed:humidity_pct %RH v=46 @1700000060000000\n"
     "282c02424eed:battery_low - vb=false @1700000060000000\n"
     "282c02424eed:rssi_dbm dBm v=-71 @1700000060000000\n",
     0},
    // the second and the fourth sample are errors; the next to them, 8355839 and 8388608, would not be
    {"efento", 0, "0A06282C02424EED1001183C 221708011080E2CFAA0620C8012A0A1E8080FC0728FEFFFF07 38284001",
     "282c02424eed:temperature_c Cel v=11.5 @1700000000000000\n"
     "282c02424eed:temperature_c Cel v=12 @1700000120000000\n"
     "282c02424eed:battery_low - vb=false @1700000120000000\n"
     "282c02424eed:rssi_dbm dBm v=-71 @1700000120000000\n",
     0},
    {"efento", 0, "0A06282C02424EED1001183C 221208631080E2CFAA062A08FEFFFB0780808008 4001",
     "282c02424eed:type_99 - v=8355839 @1700000000000000\n"
     "282c02424eed:type_99 - v=8388608 @1700000060000000\n"
     "282c02424eed:battery_low - vb=false @1700000060000000\n",
     0},
    // changes: off at once, on after 8 s, off after 29 s; the battery is low, the signal is not known
    {"efento", 0, "0A06282C02424EED183C 220D08051080E2CFAA062A0301123B 220B08071080E2CFAA062A0102 38634001",
     "282c02424eed:alarm - vb=false @1700000000000000\n"
     "282c02424eed:alarm - vb=true @1700000008000000\n"
     "282c02424eed:alarm - vb=false @1700000029000000\n"
     "282c02424eed:flooded - vb=true @1700000000000000\n"
     "282c02424eed:battery_low - vb=true @1700000029000000\n",
     0},
    // without a factor it is 14 beside a binary channel, else 1
    {"efento", 0, "0A06282C02424EED1001183C 220B082A1080E2CFAA062A0102 220C08011080E2CFAA062A020204",
     "282c02424eed:output - vb=true @1700000000000000\n"
     "282c02424eed:temperature_c Cel v=0.1 @1700000000000000\n"
     "282c02424eed:temperature_c Cel v=0.2 @1700000840000000\n"
     "282c02424eed:battery_low - vb=false @1700000840000000\n",
     0},
    {"efento", 0, "0A06282C02424EED100118B401 220C08011080E2CFAA062A020204 3801",
     "282c02424eed:temperature_c Cel v=0.1 @1700000000000000\n"
     "282c02424eed:temperature_c Cel v=0.2 @1700000180000000\n"
     "282c02424eed:battery_low - vb=false @1700000180000000\n"
     "282c02424eed:rssi_dbm dBm v=-110 @1700000180000000\n",
     0},
    // a second and a third channel of a field, and a place without a probe
    {"efento", 0,
     "0A06282C02424EED1001183C 220E08011080E2CFAA062090032A0100 220408001000 220E08011080E2CFAA0620C7012A0100 "
     "220D08021080E2CFAA0620502A0100 220E081B1080E2CFAA0620AA062A0100 220E08011080E2CFAA0620D8042A0100 383F4001",
     "282c02424eed:temperature_c Cel v=20 @1700000000000000\n"
     "282c02424eed:temperature_c_2 Cel v=-10 @1700000000000000\n"
     "282c02424eed:humidity_pct %RH v=40 @1700000000000000\n"
     "282c02424eed:humidity_pct_2 %RH v=40.5 @1700000000000000\n"
     "282c02424eed:temperature_c_3 Cel v=30 @1700000000000000\n"
     "282c02424eed:battery_low - vb=false @1700000000000000\n"
     "282c02424eed:rssi_dbm dBm v=-48 @1700000000000000\n",
     0},
    // types without a name
    {"efento", 0,
     "0A06282C02424EED1001183C 220E08231080E2CFAA0620B0092A0106 220B08231080E2CFAA062A0101 "
     "220D08631080E2CFAA06200A2A0100 4001",
     "282c02424eed:type_35 - v=603 @1700000000000000\n"
     "282c02424eed:type_35_2 - v=-1 @1700000000000000\n"
     "282c02424eed:type_99 - v=5 @1700000000000000\n"
     "282c02424eed:battery_low - vb=false @1700000000000000\n",
     0},
    // above a state of calibration; tenths; thousandths
    {"efento", 0,
     "0A06282C02424EED1001183C 220F081A1080E2CFAA0620E2122A020204 220E080F1080E2CFAA0620A4132A0100 "
     "220E08171080E2CFAA0620B8172A0100 4001",
     "282c02424eed:co2_ppm ppm v=400 @1700000000000000\n"
     "282c02424eed:co2_ppm ppm v=401 @1700000060000000\n"
     "282c02424eed:illuminance_lux lx v=123.4 @1700000000000000\n"
     "282c02424eed:distance_m m v=1.5 @1700000000000000\n"
     "282c02424eed:battery_low - vb=false @1700000060000000\n",
     0},
    // no channel; one without a probe and yet with a sample; sixteen without a probe; one whose samples are not packed
    {"efento", 0, "0A06282C02424EED1001183C 38144001",
     "282c02424eed:battery_low - vb=false\n"
     "282c02424eed:rssi_dbm dBm v=-91\n",
     0},
    {"efento", 0, "0A06282C02424EED1001183C 22032A0102 4001", "282c02424eed:battery_low - vb=false\n", 0},
    {"efento", 0, "0A06282C02424EED1001183C22002200220022002200220022002200220022002200220022002200220022004001",
     "282c02424eed:battery_low - vb=false\n", 0},
    {"efento", 0, "0A06282C02424EED1001183C 220E08021080E2CFAA06205A28002802 4001",
     "282c02424eed:humidity_pct %RH v=45 @1700000000000000\n"
     "282c02424eed:humidity_pct %RH v=46 @1700000060000000\n"
     "282c02424eed:battery_low - vb=false @1700000060000000\n",
     0},
    // the largest numbers
    {"efento", 0,
     "0A06282C02424EED100118FFFF03 221A086310FFFFFFFF0720FEFFFFFF0F2A0AFEFFFFFF0FFFFFFFFF0F "
     "220F080510FFFFFFFF072A05FFFFFFFF0F 40FFFF03",
     "282c02424eed:type_99 - v=4294967294 @2147483647000000\n"
     "282c02424eed:type_99 - v=-1 @6442319872000000\n"
     "282c02424eed:alarm - vb=false @4294967294000000\n"
     "282c02424eed:battery_low - vb=false @6442319872000000\n",
     0},
    // cut; no message; seventeen channels; no serial number, a short one
    {"efento", 0, "0A06282C02424EED1001183C220F08011080E2CFAA0620AE032A020005220E08021080E2CFAA0620", "",
     REFUSAL_SYNTAX},
    {"efento", 0, "FFFFFFFF", "", REFUSAL_SYNTAX},
    {"efento", 0, "0A06282C02424EED1001183C220022002200220022002200220022002200220022002200220022002200220022004001",
     "", REFUSAL_SYNTAX},
    {"efento", 0, "1001183C 220D08011080E2CFAA0620022A0100 38284001", "", REFUSAL_SYNTAX},
    {"efento", 0, "0A05282C02424E1001183C 220D08011080E2CFAA0620022A0100 38284001", "", REFUSAL_SYNTAX},
    {"efento", 0, "", "", REFUSAL_SYNTAX},
    // samples without a time, before 1970, a change at no second; periods of 0 and 65536 s, times 65536
    {"efento", 0, "0A06282C02424EED1001183C 22090801100020022A0100 38284001", "", REFUSAL_SYNTAX},
    {"efento", 0, "0A06282C02424EED1001183C 2212080110FBFFFFFFFFFFFFFFFF0120022A0100 38284001", "", REFUSAL_SYNTAX},
    {"efento", 0, "0A06282C02424EED1001183C 220B08051080E2CFAA062A0100 38284001", "", REFUSAL_SYNTAX},
    {"efento", 0, "0A06282C02424EED1001 220D08011080E2CFAA0620022A0100 38284001", "", REFUSAL_SYNTAX},
    {"efento", 0, "0A06282C02424EED100118808004 220D08011080E2CFAA0620022A0100 38284001", "", REFUSAL_SYNTAX},
    {"efento", 0, "0A06282C02424EED1001183C 220D08011080E2CFAA0620022A0100 382840808004", "", REFUSAL_SYNTAX},
};

static void check_vector(const struct vector *vector)
{
    uint8_t data[400];
    run.port = run.object = vector->port;
    codec_try(&run, vector->codec, data, codec_unhex(vector->hex, data), false);
    if (run.refusal != vector->refusal)
        fail_msg("%s %s: refusal %d: %s", vector->codec, vector->hex, (int)run.refusal, run.why.text);
    if (strcmp(codec_describe(&run), vector->told))
        fail_msg("%s %s:\n%sinstead of\n%s", vector->codec, vector->hex, run.told, vector->told);
}

static void every_vector_gives_its_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
        check_vector(&vectors[i]);
}

static void who_pays_for_the_line_is_told_nobody(void **state)
{
    (void)state;
    const struct vector *nb_iot = vectors;
    while (strncmp(nb_iot->hex, "020001005F00", 12))
        nb_iot++;
    uint8_t data[400];
    codec_try(&run, nb_iot->codec, data, codec_unhex(nb_iot->hex, data), false);
    assert_int_equal(run.result, CODEC_TAKEN);
    assert_null(strstr(codec_describe(&run), "864648040000001"));
    assert_null(strstr(run.told, "440000000000000"));
    assert_null(strstr(run.told, "898100000"));
}

// Beyond what a pack holds, and beyond the memory that one message gets.
static void more_than_an_efento_sensor_sends_is_refused(void **state)
{
    (void)state;
    static uint8_t data[4000];
    size_t head = codec_unhex("0A06282C02424EED1001183C", data);
    size_t channel = codec_unhex("229304 0801 1080E2CFAA06 2A8804", data + head); // 531 bytes, 520 of them offsets of 0
    codec_try(&run, "efento", data, head + channel + 520, false);
    assert_int_equal(run.refusal, REFUSAL_SYNTAX);
    assert_non_null(strstr(run.why.text, "fewer values"));

    for (size_t i = head; i < sizeof data; i += 2) // fields that are not known
        codec_unhex("5801", data + i);
    codec_try(&run, "efento", data, sizeof data, false);
    assert_int_equal(run.refusal, REFUSAL_SYNTAX);
    assert_non_null(strstr(run.why.text, "fewer values"));
}

// Samples that are error codes make no values, and still have times.
static void efento_channels_of_any_length_are_bounded(void **state)
{
    (void)state;
    enum { SAMPLES = 2300, SAMPLE_SIZE = 4 };
    static uint8_t message[16 + 16 + SAMPLES * SAMPLE_SIZE];
    size_t used = codec_unhex("0A06282C02424EED 18FFFF03 40FFFF03", message), size = SAMPLES * SAMPLE_SIZE;
    size_t channel = 2 + 6 + 1 + 2 + size;
    message[used++] = 0x22; // the channel, and its size
    message[used++] = (uint8_t)(0x80 | (channel & 0x7f));
    message[used++] = (uint8_t)(channel >> 7);
    used += codec_unhex("0801 1080E2CFAA06 2A", message + used);
    message[used++] = (uint8_t)(0x80 | (size & 0x7f));
    message[used++] = (uint8_t)(size >> 7);
    for (int i = 0; i < SAMPLES; i++)
        used += codec_unhex("8080FC07", message + used);
    codec_try(&run, "efento", message, used, false);
    assert_int_equal(run.result, CODEC_REFUSED);
    assert_non_null(strstr(run.why.text, "fewer values"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(efento_channels_of_any_length_are_bounded),
        cmocka_unit_test(every_vector_gives_its_values),
        cmocka_unit_test(who_pays_for_the_line_is_told_nobody),
        cmocka_unit_test(more_than_an_efento_sensor_sends_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
