// SPDX-License-Identifier: Apache-2.0
#include "service_level.h"

#include <math.h>
#include <stddef.h>

static const struct level {
    const char *name;
    double space_m2, flow_per_m_min; // of a person at least, and of people at most
} levels[] = {
    {"A", 3.25, 23}, {"B", 2.32, 33}, {"C", 1.39, 49}, {"D", 0.93, 66}, {"E", 0.46, 82}, {"F", 0, 0},
};

enum { E = 4, F = 5 };

const char *service_level_of_density(double people, double area_m2)
{
    double space_m2 = people > 0 ? area_m2 / people : (double)INFINITY;
    size_t level = 0;
    if (isnan(people) || isnan(area_m2))
        return NULL;
    while (level < F && !(space_m2 > levels[level].space_m2 || (level == E && space_m2 == levels[E].space_m2)))
        level++;
    return levels[level].name;
}

const char *service_level_of_flow(double flow_per_m_min)
{
    size_t level = 0;
    if (isnan(flow_per_m_min))
        return NULL;
    while (level < F && !(flow_per_m_min < levels[level].flow_per_m_min ||
                          (level == E && flow_per_m_min == levels[E].flow_per_m_min)))
        level++;
    return levels[level].name;
}
