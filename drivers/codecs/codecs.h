// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "drivers/codec.h"

// One line per codec file; the table is in ../codecs.c.
extern const struct codec codec_senml, codec_senml_cbor, codec_text;
extern const struct codec codec_libelium_parking, codec_bosch_parking, codec_nwave_parking, codec_tekzitel_parking;
extern const struct codec codec_milesight_em400, codec_lwm2m_tlv, codec_efento;
extern const struct codec codec_ld2450, codec_ld2410, codec_a02yyuw, codec_tfmini, codec_wt901, codec_terabee_people;
extern const struct codec codec_nmea, codec_ubx, codec_csv;
