// SPDX-License-Identifier: Apache-2.0
#include "status_values.h"

#include "base/json.h"

// Pointers are set once the buffer of the texts has stopped growing.
size_t status_values(const struct reading *reading, struct bytes *texts,
                     struct status_value ret_values[STATUS_VALUES_MAX])
{
    size_t at[STATUS_VALUES_MAX];
    size_t count = reading->value_count < STATUS_VALUES_MAX ? reading->value_count : STATUS_VALUES_MAX;
    bytes_clear(texts);
    for (size_t v = 0; v < count; v++) {
        const struct value *value = &reading->values[v];
        struct json json;
        at[v] = texts->used;
        json_begin(&json, texts);
        if (value->type == VALUE_BOOL)
            json_bool(&json, value->boolean);
        else if (value->type == VALUE_TEXT)
            json_text(&json, value->text);
        else
            json_number(&json, value->number);
        bytes_char(texts, '\0');
    }
    if (texts->overflow)
        return 0;
    for (size_t v = 0; v < count; v++)
        ret_values[v] = (struct status_value){reading->values[v].name, (const char *)texts->data + at[v]};
    return count;
}
