// SPDX-License-Identifier: Apache-2.0
#include "codec_check.h"
#include "settings/settings.h"

/*
 * Sentences, messages and lines of numbers: as manuals of receivers print them (those without a remark, and P), or made after the
 * layout (M). A new codec's vectors are rows here.
 */

static struct codec_run run;

static const struct vector {
    const char *codec;
    const char *bytes; // text, or hex when it begins with B562
    const char *told;  // "" for none, and for a refusal, of which `refusal` is the gate
    enum refusal refusal;
    const char *columns;
    int separator; // enum separator
} vectors[] = {
    {"nmea", "$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47",
     "fix - v=1\n"
     "latitude lat v=48.1173\n"
     "longitude lon v=11.5166667\n"
     "satellites count v=8\n"
     "hdop - v=0.9\n"
     "altitude_m m v=545.4\n",
     0, "", 0},
    {"nmea", "$GPRMC,111309.00,A,5400.6000,N,00247.1000,W,00.00,302.5,140915,,,A*4C",
     "fix - v=1 @1442229189000000\n"
     "latitude lat v=54.01 @1442229189000000\n"
     "longitude lon v=-2.785 @1442229189000000\n"
     "speed_mps m/s v=0 @1442229189000000\n"
     "heading_deg deg v=302.5 @1442229189000000\n",
     0, "", 0},
    {"nmea", "$GPRMC,194812.00,V,,,,,,,290317,,,N*74", "fix - v=0\n", 0, "", 0},
    {"nmea", "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A",
     "fix - v=1 @764426119000000\n"
     "latitude lat v=48.1173 @764426119000000\n"
     "longitude lon v=11.5166667 @764426119000000\n"
     "speed_mps m/s v=11.5236 @764426119000000\n"
     "heading_deg deg v=84.4 @764426119000000\n",
     0, "", 0},
    {"nmea", "$GPVTG,054.7,T,034.4,M,005.5,N,010.2,K*48", "speed_mps m/s v=2.8294\nheading_deg deg v=54.7\n", 0, "", 0},
    {"nmea", "$GPGST,024603.00,3.2,6.6,4.7,47.3,5.8,5.6,22.0*58", "sigma_m m v=8.0623\n", 0, "", 0},
    {"nmea", "$GNGGA,092204.999,4250.5589,S,14718.5084,E,1,04,24.4,-19.7,M,,,,0000*2C",
     "fix - v=1\n"
     "latitude lat v=-42.8426483\n"
     "longitude lon v=147.3084733\n"
     "satellites count v=4\n"
     "hdop - v=24.4\n"
     "altitude_m m v=-19.7\n",
     0, "", 0},
    {"nmea", "$GNVTG,,T,,M,0.021,N,0.038,K,A*35", "speed_mps m/s v=0.0108\n", 0, "", 0},
    {"nmea", "$GPVTG,054.7,T,034.4,M,,,010.8,K*22", "speed_mps m/s v=3\nheading_deg deg v=54.7\n", 0, "", 0},
    {"nmea", "$GPVTG,054.7,T,034.4,M,005.5,N,010.2,K,N*2A", "", 0, "", 0},
    {"nmea", "$GPGSV,1,1,00*79", "", 0, "", 0},
    {"nmea", "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6a",
     "fix - v=1 @764426119000000\n"
     "latitude lat v=48.1173 @764426119000000\n"
     "longitude lon v=11.5166667 @764426119000000\n"
     "speed_mps m/s v=11.5236 @764426119000000\n"
     "heading_deg deg v=84.4 @764426119000000\n",
     0, "", 0},
    // M: a phone that does not know its speed
    {"nmea", "$GNRMC,235959.999,A,3441.7300,N,13529.9540,E,-1,360.0,310126,,,D,V*35",
     "fix - v=2 @1769903999999000\n"
     "latitude lat v=34.6955 @1769903999999000\n"
     "longitude lon v=135.4992333 @1769903999999000\n"
     "heading_deg deg v=360 @1769903999999000\n",
     0, "", 0},
    // M: no fix, by hand, simulated; a position that is stale or was never measured
    {"nmea", "$GPGGA,123519,4807.038,N,01131.000,E,0,08,0.9,545.4,M,46.9,M,,*46", "fix - v=0\nsatellites count v=8\n",
     0, "", 0},
    {"nmea", "$GPGGA,123519,4807.038,N,01131.000,E,7,08,0.9,545.4,M,46.9,M,,*41", "fix - v=0\nsatellites count v=8\n",
     0, "", 0},
    {"nmea", "$GPGGA,123519,4807.038,N,01131.000,E,8,08,0.9,545.4,M,46.9,M,,*4E", "fix - v=0\nsatellites count v=8\n",
     0, "", 0},
    {"nmea", "$GPGGA,123519,4807.038,N,01131.000,E,6,08,0.9,545.4,M,46.9,M,,*40",
     "fix - v=6\n"
     "latitude lat v=48.1173\n"
     "longitude lon v=11.5166667\n"
     "satellites count v=8\n"
     "hdop - v=0.9\n"
     "altitude_m m v=545.4\n",
     0, "", 0},
    {"nmea", "$GPRMC,123519,V,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*7D", "fix - v=0\n", 0, "", 0},
    {"nmea", "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W,S*15", "fix - v=0\n", 0, "", 0},
    {"nmea", "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W,N*08", "fix - v=0\n", 0, "", 0},
    // M: no date, no time of its own
    {"nmea", "$GPRMC,123519,A,4807.038,N,01131.000,E,,,,,*12",
     "fix - v=1\nlatitude lat v=48.1173\nlongitude lon v=11.5166667\n", 0, "", 0},
    // M: no position yet
    {"nmea", "$GPRMC,123519,A,,,,,,,230394,,*24", "fix - v=1 @764426119000000\n", 0, "", 0},
    // M: the 180th meridian, and a pole
    {"nmea", "$GPGGA,123519,9000.0000,S,18000.0000,W,1,08,0.9,,M,46.9,M,,*64",
     "fix - v=1\n"
     "latitude lat v=-90\n"
     "longitude lon v=-180\n"
     "satellites count v=8\n"
     "hdop - v=0.9\n",
     0, "", 0},
    // M: no checksum
    {"nmea", "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W",
     "fix - v=1 @764426119000000\n"
     "latitude lat v=48.1173 @764426119000000\n"
     "longitude lon v=11.5166667 @764426119000000\n"
     "speed_mps m/s v=11.5236 @764426119000000\n"
     "heading_deg deg v=84.4 @764426119000000\n",
     0, "", 0},
    // M: no checksum, another type
    {"nmea", "$GPGSV,1,1,00", "", 0, "", 0},
    // M: no checksum, and a field too few, too many or too long
    {"nmea", "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1", "", REFUSAL_CHECKSUM, "", 0},
    {"nmea", "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W6A", "", REFUSAL_CHECKSUM, "", 0},
    {"nmea", "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W,6A", "", REFUSAL_CHECKSUM, "", 0},
    {"nmea", "$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,47", "", REFUSAL_CHECKSUM, "", 0},
    {"nmea", "$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,", "", REFUSAL_CHECKSUM, "", 0},
    {"nmea", "$GPVTG,054.7,T,034.4,M,005.5,N,010.2,K,48", "", REFUSAL_CHECKSUM, "", 0},
    {"nmea", "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W,A,V,", "", REFUSAL_CHECKSUM, "", 0},
    // P: a checksum that is none
    {"nmea", "$GPRMC,111309.00,A,5400.6000,N,00247.1000,W,00.00,302.5,140915,,,A*XX", "", REFUSAL_CHECKSUM, "", 0},
    {"nmea", "$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*48", "", REFUSAL_CHECKSUM, "", 0},
    {"nmea", "$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*4", "", REFUSAL_CHECKSUM, "", 0},
    {"nmea", "$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*477", "", REFUSAL_CHECKSUM, "", 0},
    // M: 67 minutes, 31 February, no hemisphere, a wrong one, ...
    {"nmea", "$GPRMC,123519,A,4867.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6C", "", REFUSAL_SYNTAX, "", 0},
    {"nmea", "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,310294,003.1,W*68", "", REFUSAL_SYNTAX, "", 0},
    {"nmea", "$GPRMC,123519,A,4807.038,,01131.000,E,022.4,084.4,230394,003.1,W*24", "", REFUSAL_SYNTAX, "", 0},
    {"nmea", "$GPRMC,123519,A,4807.038,E,01131.000,E,022.4,084.4,230394,003.1,W*61", "", REFUSAL_SYNTAX, "", 0},
    {"nmea", "$GPRMC,123519,A,807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*5E", "", REFUSAL_SYNTAX, "", 0},
    {"nmea", "$GPGGA,123519,9107.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*43", "", REFUSAL_SYNTAX, "", 0},
    {"nmea", "$GPGGA,123519,4807.038,N,18131.000,E,1,08,0.9,545.4,M,46.9,M,,*4F", "", REFUSAL_SYNTAX, "", 0},
    {"nmea", "$GPRMC,123519,A,4807.038,N,01131.000,E,2x,084.4,230394,003.1,W*0A", "", REFUSAL_SYNTAX, "", 0},
    {"nmea", "$GPRMC,123519,X,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*73", "", REFUSAL_SYNTAX, "", 0},
    {"nmea", "$GPGGA,123519,4807.038,N,01131.000,E,X,08,0.9,545.4,M,46.9,M,,*2E", "", REFUSAL_SYNTAX, "", 0},
    {"nmea", "$GPRMC,1235,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*62", "", REFUSAL_SYNTAX, "", 0},
    // M: not a sentence
    {"nmea", "4807.038", "", REFUSAL_SYNTAX, "", 0},
    // M: UBX passes by
    {"nmea",
     "B56201075C0018582605EA07011F173B3B0719000000CA3AFAFF0301000EE0F6C3508805AE14C5BC00003D2C0000E2040000D007000001000"
     "00002000000030000008D20000079848900C80000002C010000A30000000000000000000000000000007C75",
     "", 0, "", 0},
    // M: 92 bytes, 378 us before the second
    {"ubx",
     "B56201075C0018582605EA07011F173B3B0719000000CA3AFAFF0301000EE0F6C3508805AE14C5BC00003D2C0000E2040000D007000001000"
     "00002000000030000008D20000079848900C80000002C010000A30000000000000000000000000000007C75",
     "fix - v=1 @1769903998999622\n"
     "satellites count v=14 @1769903998999622\n"
     "latitude lat v=34.6949 @1769903998999622\n"
     "longitude lon v=135.502 @1769903998999622\n"
     "altitude_m m v=11.325 @1769903998999622\n"
     "sigma_m m v=1.25 @1769903998999622\n"
     "speed_mps m/s v=8.333 @1769903998999622\n"
     "heading_deg deg v=90.12345 @1769903998999622\n"
     "pdop - v=1.63 @1769903998999622\n",
     0, "", 0},
    // M: 84 bytes, of which what is byte 78 later says nothing
    {"ubx",
     "B5620107540018582605EA07011F173B3B0719000000CA3AFAFF0301000EE0F6C3508805AE14C5BC00003D2C0000E2040000D007000001000"
     "00002000000030000008D20000079848900C80000002C010000A30001000000000075EB",
     "fix - v=1 @1769903998999622\n"
     "satellites count v=14 @1769903998999622\n"
     "latitude lat v=34.6949 @1769903998999622\n"
     "longitude lon v=135.502 @1769903998999622\n"
     "altitude_m m v=11.325 @1769903998999622\n"
     "sigma_m m v=1.25 @1769903998999622\n"
     "speed_mps m/s v=8.333 @1769903998999622\n"
     "heading_deg deg v=90.12345 @1769903998999622\n"
     "pdop - v=1.63 @1769903998999622\n",
     0, "", 0},
    // M: south and west, below the sea, RTK, half a second later
    {"ubx",
     "B56201075C0018582605EA07011F173B3B07190000007B65CD1D0383000EB84ADFA5A8E0D1EBAC8A000024FAFFFFE2040000D007000001000"
     "00002000000030000008D200000C0AB76FFC80000002C010000A30000000000000000000000000000001FCE",
     "fix - v=4 @1769903999500000\n"
     "satellites count v=14 @1769903999500000\n"
     "latitude lat v=-33.8567 @1769903999500000\n"
     "longitude lon v=-151.2093 @1769903999500000\n"
     "altitude_m m v=-1.5 @1769903999500000\n"
     "sigma_m m v=1.25 @1769903999500000\n"
     "speed_mps m/s v=8.333 @1769903999500000\n"
     "heading_deg deg v=270 @1769903999500000\n"
     "pdop - v=1.63 @1769903999500000\n",
     0, "", 0},
    // M: reckoned, and the second is not sure
    {"ubx",
     "B56201075C0018582605EA07011F173B3B0319000000CA3AFAFF0101000EE0F6C3508805AE14C5BC00003D2C0000E2040000D007000001000"
     "00002000000030000008D20000079848900C80000002C010000A300000000000000000000000000000076A1",
     "fix - v=6\n"
     "satellites count v=14\n"
     "latitude lat v=34.6949\n"
     "longitude lon v=135.502\n"
     "altitude_m m v=11.325\n"
     "sigma_m m v=1.25\n"
     "speed_mps m/s v=8.333\n"
     "heading_deg deg v=90.12345\n"
     "pdop - v=1.63\n",
     0, "", 0},
    // M: 2D and RTK float: the height is not measured
    {"ubx",
     "B56201075C0018582605EA07011F173B3B0719000000CA3AFAFF0243000EE0F6C3508805AE14C5BC00003D2C0000E2040000D007000001000"
     "00002000000030000008D20000079848900C80000002C010000A3000000000000000000000000000000BD7B",
     "fix - v=5 @1769903998999622\n"
     "satellites count v=14 @1769903998999622\n"
     "latitude lat v=34.6949 @1769903998999622\n"
     "longitude lon v=135.502 @1769903998999622\n"
     "sigma_m m v=1.25 @1769903998999622\n"
     "speed_mps m/s v=8.333 @1769903998999622\n"
     "heading_deg deg v=90.12345 @1769903998999622\n"
     "pdop - v=1.63 @1769903998999622\n",
     0, "", 0},
    // M: no fix, not good, time alone, not valid: the bytes of a position are there
    {"ubx",
     "B56201075C0018582605EA07011F173B3B0719000000CA3AFAFF00000000E0F6C3508805AE14C5BC00003D2C0000E2040000D007000001000"
     "00002000000030000008D20000079848900C80000002C010000A30000000000000000000000000000006A90",
     "fix - v=0 @1769903998999622\n"
     "satellites count v=0 @1769903998999622\n",
     0, "", 0},
    {"ubx",
     "B56201075C0018582605EA07011F173B3B0719000000CA3AFAFF0300000EE0F6C3508805AE14C5BC00003D2C0000E2040000D007000001000"
     "00002000000030000008D20000079848900C80000002C010000A30000000000000000000000000000007B2E",
     "fix - v=0 @1769903998999622\n"
     "satellites count v=14 @1769903998999622\n",
     0, "", 0},
    {"ubx",
     "B56201075C0018582605EA07011F173B3B0719000000CA3AFAFF0501000EE0F6C3508805AE14C5BC00003D2C0000E2040000D007000001000"
     "00002000000030000008D20000079848900C80000002C010000A30000000000000000000000000000007E05",
     "fix - v=0 @1769903998999622\n"
     "satellites count v=14 @1769903998999622\n",
     0, "", 0},
    {"ubx",
     "B56201075C0018582605EA07011F173B3B0719000000CA3AFAFF0301000EE0F6C3508805AE14C5BC00003D2C0000E2040000D007000001000"
     "00002000000030000008D20000079848900C80000002C010000A30001000000000000000000000000007D83",
     "fix - v=0 @1769903998999622\n"
     "satellites count v=14 @1769903998999622\n",
     0, "", 0},
    // M: a thirteenth month; with reckoning
    {"ubx",
     "B56201075C0018582605EA070D1F173B3B0719000000CA3AFAFF0301000EE0F6C3508805AE14C5BC00003D2C0000E2040000D007000001000"
     "00002000000030000008D20000079848900C80000002C010000A3000000000000000000000000000000887D",
     "fix - v=1\n"
     "satellites count v=14\n"
     "latitude lat v=34.6949\n"
     "longitude lon v=135.502\n"
     "altitude_m m v=11.325\n"
     "sigma_m m v=1.25\n"
     "speed_mps m/s v=8.333\n"
     "heading_deg deg v=90.12345\n"
     "pdop - v=1.63\n",
     0, "", 0},
    {"ubx",
     "B56201075C0018582605EA07011F173B3B0719000000CA3AFAFF0401000EE0F6C3508805AE14C5BC00003D2C0000E2040000D007000001000"
     "00002000000030000008D20000079848900C80000002C010000A30000000000000000000000000000007DBD",
     "fix - v=1 @1769903998999622\n"
     "satellites count v=14 @1769903998999622\n"
     "latitude lat v=34.6949 @1769903998999622\n"
     "longitude lon v=135.502 @1769903998999622\n"
     "altitude_m m v=11.325 @1769903998999622\n"
     "sigma_m m v=1.25 @1769903998999622\n"
     "speed_mps m/s v=8.333 @1769903998999622\n"
     "heading_deg deg v=90.12345 @1769903998999622\n"
     "pdop - v=1.63 @1769903998999622\n",
     0, "", 0},
    // M: NAV-PVT of 80 bytes; the question for it; another message
    {"ubx",
     "B5620107500000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000005839",
     "", REFUSAL_SYNTAX, "", 0},
    {"ubx", "B562010700000819", "", 0, "", 0},
    {"ubx", "B5620501020006010F38", "", 0, "", 0},
    // M: NMEA
    {"ubx", "$GPVTG,054.7,T,034.4,M,005.5,N,010.2,K*48", "speed_mps m/s v=2.8294\nheading_deg deg v=54.7\n", 0, "", 0},
    // M: a wrong checksum
    {"ubx", "B5620501020006010F39", "", REFUSAL_SYNTAX, "", 0},
    // M: each separator, found by itself
    {"csv", "1.5,7,3.6", "distance_m - v=1.5\nbattery_v - v=3.6\n", 0, "distance_m - battery_v", 0},
    {"csv", "1.5;7;3.6", "distance_m - v=1.5\nbattery_v - v=3.6\n", 0, "distance_m - battery_v", 0},
    {"csv", "1,5;7;3,6", "distance_m - v=1.5\nbattery_v - v=3.6\n", 0, "distance_m - battery_v", 0},
    {"csv", "1.5\t7\t3.6", "distance_m - v=1.5\nbattery_v - v=3.6\n", 0, "distance_m - battery_v", 0},
    {"csv", "1,5\tx,y\t3,6", "distance_m - v=1.5\nbattery_v - v=3.6\n", 0, "distance_m - battery_v", 0},
    {"csv", " 1.5  7 \t3.6 ", "distance_m - v=1.5\nbattery_v - v=3.6\n", 0, "distance_m - battery_v", 0},
    {"csv", "1.5, 7, 3.6", "distance_m - v=1.5\nbattery_v - v=3.6\n", 0, "distance_m - battery_v", 0},
    {"csv", "1.5;7;3.6;", "distance_m - v=1.5\nbattery_v - v=3.6\n", 0, "distance_m - battery_v", 0},
    {"csv", "1.5,a b,3.6,", "distance_m - v=1.5\nbattery_v - v=3.6\n", 0, "distance_m - battery_v", 0},
    {"csv", "+1.50;;3.6", "distance_m - v=1.5\nbattery_v - v=3.6\n", 0, "distance_m - battery_v", 0},
    {"csv", "1.5,\"x\",3.6\r\n", "distance_m - v=1.5\nbattery_v - v=3.6\n", 0, "distance_m - battery_v", 0},
    // M: named
    {"csv", "1.5,7,3.6", "distance_m - v=1.5\nbattery_v - v=3.6\n", 0, "distance_m - battery_v", SEPARATOR_COMMA},
    {"csv", "1,5;7;3,6", "distance_m - v=1.5\nbattery_v - v=3.6\n", 0, "distance_m - battery_v", SEPARATOR_SEMICOLON},
    {"csv", "1,5 \t 7\t3,6", "distance_m - v=1.5\nbattery_v - v=3.6\n", 0, "distance_m - battery_v", SEPARATOR_TAB},
    {"csv", "1,5 \t 7  3,6", "distance_m - v=1.5\nbattery_v - v=3.6\n", 0, "distance_m - battery_v", SEPARATOR_BLANK},
    // M: empty and nan are left out
    {"csv", ",7,3.6", "battery_v - v=3.6\n", 0, "distance_m - battery_v", 0},
    {"csv", "NaN;7;3.6", "battery_v - v=3.6\n", 0, "distance_m - battery_v", 0},
    {"csv", "nan,7,", "", 0, "distance_m - battery_v", 0},
    // M: one column, and a name with its sensor
    {"csv", "1,5", "bay-1:distance_m - v=1.5\n", 0, "bay-1:distance_m", 0},
    // M: a remark
    {"csv", "# distance, -, battery", "", 0, "distance_m - battery_v", 0},
    // M: too few, too many, no numbers
    {"csv", "1.5,7", "", REFUSAL_SYNTAX, "distance_m - battery_v", 0},
    {"csv", "1.5,7,3.6,9", "", REFUSAL_SYNTAX, "distance_m - battery_v", 0},
    {"csv", "1.5,7,3.6,,", "", REFUSAL_SYNTAX, "distance_m - battery_v", 0},
    {"csv", "x,7,3.6", "", REFUSAL_SYNTAX, "distance_m - battery_v", 0},
    {"csv", "distance,-,battery", "", REFUSAL_SYNTAX, "distance_m - battery_v", 0},
    {"csv", "1.5;7;3.6V", "", REFUSAL_SYNTAX, "distance_m - battery_v", 0},
    {"csv", "1.5,7,0x10", "", REFUSAL_SYNTAX, "distance_m - battery_v", 0},
    {"csv", "1,5.2;7;3", "", REFUSAL_SYNTAX, "distance_m - battery_v", 0},
    {"csv", "1e400,7,3", "", REFUSAL_SYNTAX, "distance_m - battery_v", 0},
    {"csv", "1.5,7,inf", "", REFUSAL_SYNTAX, "distance_m - battery_v", 0},
    {"csv", "1,5;7,3", "", REFUSAL_SYNTAX, "distance_m - battery_v", 0},
    {"csv", "123456789012345678901234567890123456789012345,7,3", "", REFUSAL_SYNTAX, "distance_m - battery_v", 0},
    // M: another separator than the named one
    {"csv", "1.5;7;3.6", "", REFUSAL_SYNTAX, "distance_m - battery_v", SEPARATOR_COMMA},
    {"csv", "1,5,7,3.6", "", REFUSAL_SYNTAX, "distance_m - battery_v", SEPARATOR_COMMA},
    // M: what could be read in two ways
    {"csv", "1,5 7 3,6", "", REFUSAL_SYNTAX, "distance_m - battery_v", 0},
    {"csv", "x 1,5", "", REFUSAL_SYNTAX, "- distance_m", 0},
    {"csv", "x 1,5", "distance_m - v=1.5\n", 0, "- distance_m", SEPARATOR_BLANK},
    {"csv", "1,5 2,7", "distance_m - v=1.5\nbattery_v - v=2.7\n", 0, "distance_m battery_v", 0},
    {"csv", "1, 5", "distance_m - v=1\nbattery_v - v=5\n", 0, "distance_m battery_v", 0},
    {"csv", "1 ,5", "distance_m - v=1\nbattery_v - v=5\n", 0, "distance_m battery_v", 0},
    {"csv", "1.5", "distance_m - v=1.5\n", 0, "distance_m", 0},
    {"csv", "1.5,", "distance_m - v=1.5\n", 0, "distance_m", 0},
    {"csv", "1,5 ", "distance_m - v=1.5\n", 0, "distance_m", 0},
    // M: no columns
    {"csv", "1.5,7", "", REFUSAL_SYNTAX, "", 0},
};

enum { VECTORS = sizeof vectors / sizeof vectors[0], BYTES_MAX = 300 };

// As it stands on a line, of which no end belongs to UBX.
static size_t write_vector(const struct vector *vector, const char *end, uint8_t ret_data[BYTES_MAX])
{
    if (strncmp(vector->bytes, "B562", 4) == 0)
        return codec_unhex(vector->bytes, ret_data);
    return (size_t)snprintf((char *)ret_data, BYTES_MAX, "%s%s", vector->bytes, end);
}

static void use_options(const struct vector *vector)
{
    run.options = (struct codec_options){.columns = vector->columns, .separator = vector->separator};
}

static void every_vector_gives_its_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTORS; i++) {
        uint8_t data[BYTES_MAX];
        use_options(&vectors[i]);
        codec_try(&run, vectors[i].codec, data, write_vector(&vectors[i], "", data), false);
        if (run.refusal != vectors[i].refusal)
            fail_msg("%s %s: refusal %d: %s", vectors[i].codec, vectors[i].bytes, (int)run.refusal, run.why.text);
        if (strcmp(codec_describe(&run), vectors[i].told))
            fail_msg("%s %s:\n%sinstead of\n%s", vectors[i].codec, vectors[i].bytes, run.told, vectors[i].told);
    }
}

/* A line with all good vectors of a codec that share their options. */

enum { STREAM_MAX = 16 * 1024, PACKS_MAX = 128, TOLD_MAX = 640 };

struct stream {
    const struct codec *codec;
    uint8_t data[STREAM_MAX];
    size_t size, count;
    size_t begin[PACKS_MAX + 1]; // of each frame
    const char *told[PACKS_MAX];
    bool is_checked[PACKS_MAX];
};

static void add_frame(struct stream *stream, const struct vector *vector)
{
    stream->begin[stream->count] = stream->size;
    stream->told[stream->count] = vector->told;
    stream->is_checked[stream->count++] = !strncmp(vector->bytes, "B562", 4) || strchr(vector->bytes, '*');
    stream->size += write_vector(vector, "\r\n", stream->data + stream->size);
    stream->begin[stream->count] = stream->size;
}

static void fill_stream(struct stream *stream, const struct vector *first)
{
    stream->codec = codec_find(first->codec);
    stream->size = stream->count = 0;
    use_options(first);
    for (const struct vector *vector = vectors; vector < vectors + VECTORS; vector++) {
        bool same = !strcmp(vector->columns, first->columns);
        // A line's own end is no other line's.
        if (!strcmp(vector->codec, first->codec) && same && vector->separator == first->separator && !vector->refusal &&
            !strchr(vector->bytes, '\n'))
            add_frame(stream, vector);
    }
    // What waits for the rest of a message that never comes, gets enough of something else.
    memset(stream->data + stream->size, '\n', stream->codec->frame_max + 1);
    stream->size += stream->codec->frame_max + 1;
}

// Reads the line; tells packs in their order. Returns how many there were, with and without values.
static size_t read_stream(const struct codec *codec, const uint8_t *data, size_t size, char told[][TOLD_MAX])
{
    size_t count = 0, used = 1;
    for (size_t at = 0; at < size && used > 0; at += used) {
        enum refusal refusal = REFUSAL_NONE;
        used = 0;
        run.why.text[0] = '\0';
        run.result =
            codec_decode_stream(codec, &run.options, data + at, size - at, &run.pack, &used, &refusal, &run.why);
        assert_true(used <= size - at);
        if (run.result == CODEC_REFUSED)
            assert_true(used > 0 && run.why.text[0] && run.pack.count == 0);
        if (run.result == CODEC_TAKEN && run.pack.count > 0) {
            assert_true(strlen(codec_describe(&run)) < TOLD_MAX);
            strcpy(told[count++], run.told);
        }
        assert_true(count < PACKS_MAX);
    }
    return count;
}

static bool is_explained(const struct stream *stream, size_t from, size_t to, const char *told)
{
    for (size_t i = from; i <= to && i < stream->count; i++)
        if (!stream->is_checked[i] || !strcmp(stream->told[i], told))
            return true;
    return false;
}

// Of what was sent, nothing is missing but of the frames `from` to `to`; where there are checksums, nothing else has come.
static void check_heard(const struct stream *stream, size_t from, size_t to, char told[][TOLD_MAX], size_t count,
                        const char *harm, size_t at)
{
    size_t first = 0, last = count;
    for (size_t i = 0; i < from && i < stream->count; i++)
        if (*stream->told[i] && (first == count || strcmp(told[first++], stream->told[i])))
            fail_msg("%s, %s byte %zu: frame %zu is lost\n%s", stream->codec->name, harm, at, i, stream->told[i]);
    for (size_t i = stream->count; i-- > to + 1;)
        if (*stream->told[i] && (last == first || strcmp(told[--last], stream->told[i])))
            fail_msg("%s, %s byte %zu: frame %zu is lost\n%s", stream->codec->name, harm, at, i, stream->told[i]);
    assert_true(last - first <= to - from + 1);
    for (size_t i = first; i < last; i++)
        if (!is_explained(stream, from, to, told[i]))
            fail_msg("%s, %s byte %zu: nobody sent\n%s", stream->codec->name, harm, at, told[i]);
}

static size_t frame_at(const struct stream *stream, size_t at)
{
    size_t frame = 0;
    while (frame + 1 < stream->count && at >= stream->begin[frame + 1])
        frame++;
    return frame;
}

static void harm_byte(const struct stream *stream, size_t at)
{
    static uint8_t data[STREAM_MAX + 1];
    static char told[PACKS_MAX][TOLD_MAX];
    static const uint8_t flips[] = {0x01, 0x20, 0x80, 0xff};
    size_t frame = frame_at(stream, at), rest = stream->size - at - 1;
    bool is_end = at + 1 == stream->begin[frame + 1]; // without it two lines are one

    memcpy(data, stream->data, at);
    memcpy(data + at, stream->data + at + 1, rest);
    size_t count = read_stream(stream->codec, data, stream->size - 1, told);
    check_heard(stream, frame, frame + is_end, told, count, "lost", at);

    data[at] = stream->data[at];
    memcpy(data + at + 1, stream->data + at, rest + 1);
    count = read_stream(stream->codec, data, stream->size + 1, told);
    check_heard(stream, frame, frame, told, count, "doubled", at);

    memcpy(data, stream->data, stream->size);
    for (size_t i = 0; i < sizeof flips; i++) {
        data[at] = stream->data[at] ^ flips[i];
        count = read_stream(stream->codec, data, stream->size, told);
        check_heard(stream, frame, frame + is_end, told, count, "flipped", at);
    }
}

static void harm_codec(const struct vector *first)
{
    static struct stream stream;
    static char told[PACKS_MAX][TOLD_MAX];
    fill_stream(&stream, first);
    assert_true(stream.count > 1);
    size_t count = read_stream(stream.codec, stream.data, stream.size, told);
    check_heard(&stream, stream.count, stream.count, told, count, "no", 0);
    for (size_t at = 0; at < stream.begin[stream.count]; at++)
        harm_byte(&stream, at);
}

static void a_byte_lost_doubled_or_flipped_costs_no_other_frame(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTORS; i++)
        if (i == 0 || strcmp(vectors[i].codec, vectors[i - 1].codec))
            harm_codec(&vectors[i]);
}

static void ubx_and_nmea_are_read_from_one_line(void **state)
{
    (void)state;
    static char told[PACKS_MAX][TOLD_MAX];
    uint8_t data[4 * BYTES_MAX];
    const struct vector *pvt = vectors;
    while (strcmp(pvt->codec, "ubx"))
        pvt++;
    size_t size = 0;
    size += write_vector(&vectors[0], "\r\n", data + size);
    size += write_vector(pvt, "", data + size);
    size += write_vector(pvt, "", data + size);
    size += write_vector(&vectors[1], "\n", data + size);
    assert_int_equal(read_stream(codec_find("ubx"), data, size, told), 4);
    assert_string_equal(told[0], vectors[0].told);
    assert_string_equal(told[1], pvt->told);
    assert_string_equal(told[2], pvt->told);
    assert_string_equal(told[3], vectors[1].told);
    assert_int_equal(read_stream(codec_find("nmea"), data, size, told), 2);
    assert_string_equal(told[1], vectors[1].told);
}

static void try_stream(const char *codec, const void *data, size_t size, enum codec_result result, size_t used)
{
    codec_try(&run, codec, data, size, true);
    if (run.result != result || (result != CODEC_NEED_MORE && run.used != used))
        fail_msg("%s: result %d, used %zu: %s", codec, (int)run.result, run.used, run.why.text);
}

static void what_is_no_frame_is_refused_up_to_the_next_beginning(void **state)
{
    (void)state;
    static uint8_t data[600];
    try_stream("ubx", "\x80\x80\x80$GP", 6, CODEC_REFUSED, 3);
    assert_non_null(strstr(run.why.text, "baud rate"));
    try_stream("ubx", "\x80\x80$", 3, CODEC_REFUSED, 2);
    try_stream("ubx", "\x80\x80\xb5", 3, CODEC_REFUSED, 2);
    try_stream("ubx", "$$$\xb5x", 5, CODEC_REFUSED, 5);
    try_stream("ubx", "\r\n\r\n$", 5, CODEC_TAKEN, 4);
    try_stream("ubx", "$", 1, CODEC_NEED_MORE, 0);
    try_stream("ubx", "\xb5", 1, CODEC_NEED_MORE, 0);
    try_stream("ubx", "\xb5\x62\x01\x07\x5c", 5, CODEC_NEED_MORE, 0);
    try_stream("ubx", "$GPRMC,1\xb5\x62", 10, CODEC_REFUSED, 8);
    assert_non_null(strstr(run.why.text, "breaks off"));
    try_stream("nmea", "$GPRMC,1$GPGGA,123519\r\n", 23, CODEC_REFUSED, 8);
    try_stream("ubx", "\xb5\x62\x05\x01\x02\x00\x06\x01\x0f\x39$GP", 13, CODEC_REFUSED, 10);
    assert_int_equal(run.refusal, REFUSAL_CHECKSUM);
    // Lengths of 0xffff, and of as much as is waited for.
    try_stream("ubx", "\xb5\x62\x01\x07\xff\xff\x01\x07", 8, CODEC_REFUSED, 8);
    assert_int_equal(run.refusal, REFUSAL_LENGTH);
    try_stream("ubx", "\xb5\x62\x01\x35\xf8\x0f\x01\x07", 8, CODEC_NEED_MORE, 0);

    memset(data, 'A', sizeof data);
    data[0] = '$';
    try_stream("nmea", data, 255, CODEC_NEED_MORE, 0);
    try_stream("nmea", data, sizeof data, CODEC_REFUSED, sizeof data);
    assert_int_equal(run.refusal, REFUSAL_LENGTH);
}

static void what_is_wrong_with_a_line_of_numbers_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *line, *said;
    } wrong[] = {
        {"1.5,7", "ends after 2 columns"},
        {"1.5,7,3,4", "more than 3 columns"},
        {"1.5;7;3.6V", "column 3: \"3.6V\""},
        {"x,7,3.6", "column 1: \"x\""},
        {"1,5 7 3,6", "two ways"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        run.options = (struct codec_options){.columns = "distance_m - battery_v"};
        codec_try(&run, "csv", wrong[i].line, strlen(wrong[i].line), false);
        assert_int_equal(run.refusal, REFUSAL_SYNTAX);
        if (!strstr(run.why.text, wrong[i].said))
            fail_msg("%s: %s", wrong[i].line, run.why.text);
    }
}

static void a_codec_without_options_says_so(void **state)
{
    (void)state;
    struct fault why = {""};
    const struct frame frame = {.data = (const uint8_t *)"1,2", .size = 3};
    assert_int_equal(codec_decode(codec_find("csv"), &frame, &run.pack, &why), REFUSAL_SYNTAX);
    assert_non_null(strstr(why.text, "key columns"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_gives_its_values),
        cmocka_unit_test(a_byte_lost_doubled_or_flipped_costs_no_other_frame),
        cmocka_unit_test(ubx_and_nmea_are_read_from_one_line),
        cmocka_unit_test(what_is_no_frame_is_refused_up_to_the_next_beginning),
        cmocka_unit_test(what_is_wrong_with_a_line_of_numbers_is_said),
        cmocka_unit_test(a_codec_without_options_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
