// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outlet/mqtt_client.h"
#include <MQTTProperties.h>

// Adds what a message says about itself (MQTT 5, section 3.3.2.3): UTF-8, content type, correlation data, and the user properties epoch,
// seq and gateway. One that only empties a topic says nothing. The caller frees them, also after -ENOMEM.
int properties_fill(MQTTProperties *properties, const struct publication *publication);
