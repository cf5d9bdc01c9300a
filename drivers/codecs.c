// SPDX-License-Identifier: Apache-2.0
#include "codecs/codecs.h"
#include <string.h>

const struct codec *const codecs[] = {
    &codec_senml,
    &codec_senml_cbor,
    &codec_text,
    &codec_libelium_parking,
    &codec_bosch_parking,
    &codec_nwave_parking,
    &codec_tekzitel_parking,
    &codec_milesight_em400,
    &codec_lwm2m_tlv,
    &codec_efento,
    &codec_ld2450,
    &codec_ld2410,
    &codec_a02yyuw,
    &codec_tfmini,
    &codec_wt901,
    &codec_terabee_people,
    &codec_nmea,
    &codec_ubx,
    &codec_csv,
    NULL,
};

enum refusal codec_decode(const struct codec *codec, const struct frame *frame, struct raw_pack *pack,
                          struct fault *why)
{
    raw_pack_clear(pack);
    enum refusal refusal = codec->parse(frame, pack, why);
    if (refusal)
        raw_pack_clear(pack);
    return refusal;
}

enum codec_result codec_decode_stream(const struct codec *codec, const struct codec_options *options,
                                      const uint8_t *data, size_t size, struct raw_pack *pack, size_t *ret_used,
                                      enum refusal *ret_refusal, struct fault *why)
{
    struct frame frame = {.data = NULL};
    raw_pack_clear(pack);
    enum codec_result result = codec->delimit(codec, data, size, &frame, ret_used, ret_refusal, why);
    if (result != CODEC_TAKEN || !frame.data)
        return result;
    frame.options = options;
    *ret_refusal = codec_decode(codec, &frame, pack, why);
    return *ret_refusal ? CODEC_REFUSED : CODEC_TAKEN;
}

const struct codec *codec_find(const char *name)
{
    for (size_t i = 0; codecs[i]; i++)
        if (strcmp(codecs[i]->name, name) == 0)
            return codecs[i];
    return NULL;
}

const struct codec *codec_for_content_format(int content_format)
{
    if (content_format < 0)
        return NULL;
    for (size_t i = 0; codecs[i]; i++)
        if (codecs[i]->content_format == content_format)
            return codecs[i];
    return NULL;
}
