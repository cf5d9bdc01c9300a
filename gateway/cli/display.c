// SPDX-License-Identifier: Apache-2.0
#include "display.h"

#include "base/clock.h"
#include "base/messages.h"
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

char *display_duration(double seconds, char ret_text[DISPLAY_SIZE])
{
    enum { MINUTE_S = 60, HOUR_S = 3600, DAY_S = 86400 };
    if (!(seconds >= 0))
        strcpy(ret_text, "-");
    else if (seconds < 99.5)
        snprintf(ret_text, DISPLAY_SIZE, _("%.0f s"), seconds);
    else if (seconds < 99.5 * MINUTE_S)
        snprintf(ret_text, DISPLAY_SIZE, _("%.0f min"), seconds / MINUTE_S);
    else if (seconds < 2 * DAY_S)
        snprintf(ret_text, DISPLAY_SIZE, _("%.1f h"), seconds / HOUR_S);
    else
        snprintf(ret_text, DISPLAY_SIZE, _("%.0f d"), fmin(seconds / DAY_S, 1e9));
    return ret_text;
}

char *display_size(double bytes, char ret_text[DISPLAY_SIZE])
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    size_t unit = 0;
    while (bytes >= 999.5 && unit + 1 < sizeof units / sizeof *units) {
        bytes /= 1000;
        unit++;
    }
    snprintf(ret_text, DISPLAY_SIZE, "%.*f %s", unit && bytes < 100, fmin(bytes, 1e12), units[unit]);
    return ret_text;
}

char *display_time(const char *rfc3339, char ret_text[DISPLAY_SIZE])
{
    int64_t time_us;
    struct tm local;
    time_t seconds = 0;
    if (utc_parse(rfc3339, &time_us) == 0)
        seconds = (time_t)(time_us / 1000000);
    if (!seconds || !localtime_r(&seconds, &local) || !strftime(ret_text, DISPLAY_SIZE, "%Y-%m-%d %H:%M:%S %Z", &local))
        strcpy(ret_text, "-");
    return ret_text;
}

const char *display_word(const char *word)
{
    static const struct {
        const char *word, *shown;
    } words[] = {
        {"open", N_("working")},
        {"waiting", N_("waiting")},
        {"opening", N_("opening")},
        {"closed", N_("closed")},
        {"parking", N_("parking")},
        {"bump", N_("bump")},
        {"crowd", N_("crowd")},
        {"traffic", N_("traffic")},
        {"environment", N_("environment")},
        {"generic", N_("generic")},
        {"gateway", N_("gateway")},
        {"good", N_("good")},
        {"stale", N_("stale")},
        {"stuck", N_("stuck")},
        {"calibrating", N_("calibrating")},
        {"notice", N_("notice")},
        {"warning", N_("warning")},
        {"high", N_("high")},
        {"critical", N_("critical")},
        {"density", N_("too many people")},
        {"frozen", N_("old times")},
        {"battery_low", N_("battery low")},
        {"battery_falling", N_("battery falling")},
        {"certificate", N_("certificate ends")},
        {"clock", N_("clock not set")},
        {"disk", N_("disk nearly full")},
        {"autonomy", N_("buffer too small")},
        {"power", N_("voltage too low")},
        {"duplicate", N_("another gateway has our name")},
        {"length", N_("wrong length")},
        {"checksum", N_("wrong checksum")},
        {"syntax", N_("malformed")},
        {"range", N_("out of range")},
        {"format", N_("unknown format")},
        {"unknown_sensor", N_("unknown sensor")},
        {"unknown_field", N_("unknown field")},
        {"unit", N_("wrong unit")},
        {"identity", N_("wrong identity")},
        {"rate", N_("too often")},
        {"full", N_("no room")},
        {"storage", N_("disk failed")},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].word, word) == 0)
            return _(words[i].shown);
    return word;
}
