// SPDX-License-Identifier: Apache-2.0
#include "recording.h"

#include "base/messages.h"
#include "base/number.h"
#include "base/text.h"
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#define STANDARD_GRAVITY 9.80665
#define HEADER_EXAMPLE "time_s,ax,ay,az,latitude,longitude,speed_mps"

enum { FIELD_MAX = 64, SHOWN_MAX = 80, RECORDING_OTHER = 255 };

// Letters and digits of the names in lower case. Of two names for one column the upper one counts.
static const struct name {
    const char *text;
    enum recording_column column;
    double factor;
} names[] = {
    {"times", COLUMN_TIME, 1},
    {"time", COLUMN_TIME, 1},
    {"seconds", COLUMN_TIME, 1},
    {"timems", COLUMN_TIME, 1e-3},
    {"timeus", COLUMN_TIME, 1e-6},
    {"timens", COLUMN_TIME, 1e-9},
    {"timestamp", COLUMN_TIME, 1},
    {"timestamps", COLUMN_TIME, 1},
    {"timestampms", COLUMN_TIME, 1e-3},
    {"timestampus", COLUMN_TIME, 1e-6},
    {"timestampns", COLUMN_TIME, 1e-9},
    {"ax", COLUMN_X, 1},
    {"ay", COLUMN_Y, 1},
    {"az", COLUMN_Z, 1},
    {"accelerationxmps2", COLUMN_X, 1},
    {"accelerationymps2", COLUMN_Y, 1},
    {"accelerationzmps2", COLUMN_Z, 1},
    {"accelerationxms2", COLUMN_X, 1},
    {"accelerationyms2", COLUMN_Y, 1},
    {"accelerationzms2", COLUMN_Z, 1},
    {"linearaccelerationxms2", COLUMN_X, 1},
    {"linearaccelerationyms2", COLUMN_Y, 1},
    {"linearaccelerationzms2", COLUMN_Z, 1},
    {"gfx", COLUMN_X, STANDARD_GRAVITY},
    {"gfy", COLUMN_Y, STANDARD_GRAVITY},
    {"gfz", COLUMN_Z, STANDARD_GRAVITY},
    {"accelerationxg", COLUMN_X, STANDARD_GRAVITY},
    {"accelerationyg", COLUMN_Y, STANDARD_GRAVITY},
    {"accelerationzg", COLUMN_Z, STANDARD_GRAVITY},
    {"accelerationx", COLUMN_X, 1},
    {"accelerationy", COLUMN_Y, 1},
    {"accelerationz", COLUMN_Z, 1},
    {"linearaccelerationx", COLUMN_X, 1},
    {"linearaccelerationy", COLUMN_Y, 1},
    {"linearaccelerationz", COLUMN_Z, 1},
    {"accelerometerx", COLUMN_X, 1},
    {"accelerometery", COLUMN_Y, 1},
    {"accelerometerz", COLUMN_Z, 1},
    {"accelx", COLUMN_X, 1},
    {"accely", COLUMN_Y, 1},
    {"accelz", COLUMN_Z, 1},
    {"accx", COLUMN_X, 1},
    {"accy", COLUMN_Y, 1},
    {"accz", COLUMN_Z, 1},
    {"x", COLUMN_X, 1},
    {"y", COLUMN_Y, 1},
    {"z", COLUMN_Z, 1},
    {"latitude", COLUMN_LATITUDE, 1},
    {"lat", COLUMN_LATITUDE, 1},
    {"longitude", COLUMN_LONGITUDE, 1},
    {"lon", COLUMN_LONGITUDE, 1},
    {"lng", COLUMN_LONGITUDE, 1},
    {"speedmps", COLUMN_SPEED, 1},
    {"speedms", COLUMN_SPEED, 1},
    {"speedkmh", COLUMN_SPEED, 1 / 3.6},
    {"speed", COLUMN_SPEED, 1},
    {"headingdeg", COLUMN_HEADING, 1},
    {"hdop", COLUMN_HDOP, 1},
};

enum { NAMES = sizeof names / sizeof *names };

static const struct column {
    const char *name, *expected;
    double low, high;
} columns[COLUMN_COUNT] = {
    [COLUMN_TIME] = {"time_s", N_("seconds, or a time such as 13:51:22.050"), -1e19, 1e19},
    [COLUMN_X] = {"ax", N_("a number from -2000 to 2000 m/s2"), -2000, 2000},
    [COLUMN_Y] = {"ay", N_("a number from -2000 to 2000 m/s2"), -2000, 2000},
    [COLUMN_Z] = {"az", N_("a number from -2000 to 2000 m/s2"), -2000, 2000},
    [COLUMN_LATITUDE] = {"latitude", N_("degrees from -90 to 90"), -90, 90},
    [COLUMN_LONGITUDE] = {"longitude", N_("degrees from -180 to 180"), -180, 180},
    [COLUMN_SPEED] = {"speed_mps", N_("a number up to 150 m/s; below 0: not known"), -1e6, 150},
    [COLUMN_HEADING] = {"heading_deg", N_("degrees from 0 to 360"), 0, 360},
    [COLUMN_HDOP] = {"hdop", N_("a number from 0 to 1000"), 0, 1000},
};

struct field {
    char text[FIELD_MAX];
    bool is_quoted;
};

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    return at;
}

// Reads the field at *at and moves on behind its separator; NULL then means that it was the last one. What does not fit is cut, and
// no number is that long.
static void next_field(const char **at, const char *end, char separator, struct field *ret_field)
{
    const char *from = separator == '\t' ? *at : skip_blanks(*at, end);
    size_t used = 0;
    bool is_open = from < end && *from == '"';
    ret_field->is_quoted = is_open;
    from += is_open;
    for (; from < end && (is_open || *from != separator); from++) {
        if (ret_field->is_quoted && *from == '"') {
            bool is_doubled = is_open && from + 1 < end && from[1] == '"';
            from += is_doubled;
            is_open = is_doubled;
            if (!is_doubled)
                continue;
        }
        if (used < FIELD_MAX - 1)
            ret_field->text[used++] = *from;
    }
    while (used && isspace((unsigned char)ret_field->text[used - 1]))
        used--;
    ret_field->text[used] = '\0';
    *at = from < end ? from + 1 : NULL;
}

static const char *end_of(const char *line, size_t size)
{
    while (size && (line[size - 1] == '\r' || line[size - 1] == '\n'))
        size--;
    return line + size;
}

static char separator_of(const char *line, size_t size)
{
    return memchr(line, ';', size) ? ';' : memchr(line, '\t', size) ? '\t' : ',';
}

static int name_of(const char *text)
{
    char plain[FIELD_MAX];
    size_t used = 0;
    for (; *text; text++)
        if (isalnum((unsigned char)*text))
            plain[used++] = (char)tolower((unsigned char)*text);
    plain[used] = '\0';
    for (int i = 0; i < NAMES; i++)
        if (strcmp(names[i].text, plain) == 0)
            return i;
    return RECORDING_OTHER;
}

static int check_columns(const int best[COLUMN_COUNT], struct fault *why)
{
    bool has_place = best[COLUMN_LATITUDE] != RECORDING_OTHER || best[COLUMN_LONGITUDE] != RECORDING_OTHER;
    for (int i = 0; i < COLUMN_COUNT; i++) {
        bool is_needed = i <= COLUMN_Z || (has_place && i <= COLUMN_LONGITUDE);
        if (is_needed && best[i] == RECORDING_OTHER)
            return fault_set(why, -EINVAL, _("there is no column \"%s\"; expected a header such as %s"),
                             columns[i].name, HEADER_EXAMPLE);
    }
    return 0;
}

int recording_header(struct recording *recording, const char *line, size_t size, struct fault *why)
{
    static const char mark[] = "\xef\xbb\xbf";
    const char *at = line, *end = end_of(line, size);
    int best[COLUMN_COUNT];
    size_t place[COLUMN_COUNT] = {0};
    struct field field;
    if (size >= 3 && memcmp(at, mark, 3) == 0)
        at += 3;
    recording->separator = separator_of(line, size);
    for (int i = 0; i < COLUMN_COUNT; i++)
        best[i] = RECORDING_OTHER;
    for (size_t i = 0; at && i < RECORDING_FIELDS_MAX; i++) {
        next_field(&at, end, recording->separator, &field);
        int name = name_of(field.text);
        if (name == RECORDING_OTHER || name >= best[names[name].column])
            continue;
        best[names[name].column] = name;
        place[names[name].column] = i;
    }
    memset(recording->name, RECORDING_OTHER, sizeof recording->name);
    for (int i = 0; i < COLUMN_COUNT; i++)
        if (best[i] != RECORDING_OTHER)
            recording->name[place[i]] = (unsigned char)best[i];
    return check_columns(best, why);
}

// "13:51:22.050", "13:51:22:050", "13:51:22,050"; a date may stand before, and a Z behind.
static bool parse_clock(const char *text, double *ret_seconds)
{
    int64_t parts[3];
    const char *blank = strpbrk(text, " T");
    if (blank)
        text = blank + 1;
    for (int i = 0; i < 3; i++) {
        size_t digits = strspn(text, "0123456789");
        if (digits < 1 || digits > 2 || !integer_parse(text, digits, 0, i ? 60 : 24, &parts[i]))
            return false;
        text += digits;
        if (i < 2 && *text++ != ':')
            return false;
    }
    double part = 0, unit = 1;
    if (*text && strchr(":.,", *text))
        for (text++; isdigit((unsigned char)*text); text++)
            part += (*text - '0') * (unit /= 10);
    *ret_seconds = (double)(parts[0] * 3600 + parts[1] * 60 + parts[2]) + part;
    return !*text || strcmp(text, "Z") == 0;
}

static bool parse_number(struct field *field, char separator, double *ret_value)
{
    char *comma = strchr(field->text, ',');
    if (comma && (field->is_quoted || separator != ',') && !strchr(field->text, '.'))
        *comma = '.';
    return number_parse(field->text, strlen(field->text), ret_value);
}

static int refuse(enum recording_column column, const char *text, struct fault *why)
{
    char shown[SHOWN_MAX];
    return fault_set(why, -EINVAL, _("%s: \"%s\" cannot be read; expected %s"), columns[column].name,
                     text_escape(text, strlen(text), shown, sizeof shown), _(columns[column].expected));
}

static int read_field(const struct recording *recording, const struct name *name, struct field *field,
                      double values[COLUMN_COUNT], struct fault *why)
{
    const struct column *column = &columns[name->column];
    struct field shown = *field;
    double value;
    if (!*field->text || strcasecmp(field->text, "nan") == 0)
        return 0;
    bool is_read = parse_number(field, recording->separator, &value);
    if (!is_read && !(name->column == COLUMN_TIME && parse_clock(shown.text, &value)))
        return refuse(name->column, shown.text, why);
    value *= name->factor;
    if (!(value >= column->low && value <= column->high))
        return refuse(name->column, shown.text, why);
    values[name->column] = value;
    return 0;
}

static int fill(const double values[COLUMN_COUNT], struct recording_row *ret_row, struct fault *why)
{
    int known = 0;
    for (int i = COLUMN_X; i <= COLUMN_Z; i++)
        known += !isnan(values[i]);
    bool has_place = !isnan(values[COLUMN_LATITUDE]) && !isnan(values[COLUMN_LONGITUDE]);
    bool has_no_fix = has_place && values[COLUMN_LATITUDE] == 0 && values[COLUMN_LONGITUDE] == 0;
    if (isnan(values[COLUMN_TIME]))
        return refuse(COLUMN_TIME, "", why);
    for (int i = COLUMN_X; i <= COLUMN_Z; i++)
        if (isnan(values[i]) && (known || !has_place))
            return refuse((enum recording_column)i, "", why);
    double speed_mps = values[COLUMN_SPEED];
    bool has_speed = speed_mps >= 0 && !(has_no_fix && speed_mps == 0); // a receiver without a fix says 0 of everything
    *ret_row = (struct recording_row){
        .time = values[COLUMN_TIME],
        .has_acceleration = known == 3,
        .acceleration = {values[COLUMN_X], values[COLUMN_Y], values[COLUMN_Z]},
        .has_no_fix = has_no_fix,
        .position = {has_place && !has_no_fix ? values[COLUMN_LATITUDE] : NAN,
                     has_place && !has_no_fix ? values[COLUMN_LONGITUDE] : NAN, has_speed ? speed_mps : NAN,
                     values[COLUMN_HEADING], values[COLUMN_HDOP], NAN},
    };
    return 0;
}

int recording_read(const struct recording *recording, const char *line, size_t size, struct recording_row *ret_row,
                   struct fault *why)
{
    const char *at = line, *end = end_of(line, size);
    double values[COLUMN_COUNT];
    struct field field;
    if (skip_blanks(line, end) == end)
        return -ENODATA;
    for (int i = 0; i < COLUMN_COUNT; i++)
        values[i] = NAN;
    for (size_t i = 0; at && i < RECORDING_FIELDS_MAX; i++) {
        next_field(&at, end, recording->separator, &field);
        if (recording->name[i] == RECORDING_OTHER)
            continue;
        int error = read_field(recording, &names[recording->name[i]], &field, values, why);
        if (error)
            return error;
    }
    return fill(values, ret_row, why);
}
