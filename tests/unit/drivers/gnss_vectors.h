// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reading/refusal.h"
#include "settings/settings.h"

/*
 * Sentences, messages and lines of numbers: as manuals of receivers print them (those without a remark, and P), or made after the
 * layout (M). A new codec's vectors are rows here.
 */

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
    {"nmea", "$GPGST,024603.00,3.2,6.6,4.7,47.3,-5.8,-5.6,22.0*58", "", 0, "", 0}, // M: no sigma is below zero
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
