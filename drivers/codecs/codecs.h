// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "drivers/codec.h"

// One line per codec file; the table is in ../codecs.c.
extern const struct codec codec_senml, codec_senml_cbor, codec_text;
