// SPDX-License-Identifier: Apache-2.0
#include "codecs/codecs.h"
#include <string.h>

const struct codec *const codecs[] = {
    &codec_senml,
    &codec_senml_cbor,
    &codec_text,
    NULL,
};

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
